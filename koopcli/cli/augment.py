"""`koopcli augment`: more training data by symmetries of a learnt model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.options import AsJson, OverwriteFile, Where
from koopcli.config.augmentation import MAX_CYCLE, AugmentConfig
from koopcli.config.choices import Device, Directions, Rewards, Symmetry, Unit
from koopcli.errors import ConfigError

DEFAULT = AugmentConfig()
AUTO = "auto"


def augment(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="Run folder or model file: koopman, kfc."),
    ],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Dataset file.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Dataset file to write.")
    ],
    mode: Annotated[Symmetry, typer.Option(help="What is moved.")] = DEFAULT.mode,
    scale: Annotated[
        str, typer.Option(help="Size of the moves; auto: the largest that passes.")
    ] = AUTO,
    unit: Annotated[
        Unit, typer.Option(help="Single transitions, or blocks up to a re-encoding.")
    ] = DEFAULT.unit,
    directions: Annotated[
        Directions, typer.Option(help="Along the states' image, or free.")
    ] = DEFAULT.directions,
    rewards: Annotated[
        Rewards, typer.Option(help="As recorded, or with the reward head.")
    ] = DEFAULT.rewards,
    probability: Annotated[
        float, typer.Option(help="Share that is moved.")
    ] = DEFAULT.probability,
    copies: Annotated[
        int, typer.Option(help="Times that the data is gone through.")
    ] = DEFAULT.copies,
    max_cycle: Annotated[
        float | None,
        typer.Option(
            help="Largest accepted cycle error.", show_default=f"{MAX_CYCLE}; kfc: any"
        ),
    ] = DEFAULT.max_cycle,
    max_residual: Annotated[
        float, typer.Option(help="Largest accepted growth of the one-step error.")
    ] = DEFAULT.max_residual,
    margin: Annotated[
        float, typer.Option(help="Share of the training range allowed beyond it.")
    ] = DEFAULT.margin,
    min_accepted: Annotated[
        float, typer.Option(help="Accepted share below which a scale fails (auto).")
    ] = DEFAULT.min_accepted,
    action_tolerance: Annotated[
        float, typer.Option(help="Largest accepted miss of a re-labelled action.")
    ] = DEFAULT.action_tolerance,
    input_tolerance: Annotated[
        float, typer.Option(help="Input below which a mode has none (commute).")
    ] = DEFAULT.input_tolerance,
    judge: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Independent model: ends the search for a scale."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all draws.")] = DEFAULT.seed,
    device: Where = Device.AUTO,
    overwrite: OverwriteFile = False,
    as_json: AsJson = False,
) -> None:
    """Add training episodes, moved along symmetries of a Koopman model.

    Validation and test episodes are copied unchanged. What passes no check is left out,
    and recorded. The output trains and exports like any dataset file.

    Example: koopcli augment runs/hopper hopper.h5 --output more.h5
    """
    from koopcli.augment.augment import Listener
    from koopcli.augment.augment import augment as write
    from koopcli.cli import progress, render
    from koopcli.device import select

    config = AugmentConfig(
        mode=mode,
        unit=unit,
        directions=directions,
        scale=_scale(scale),
        rewards=rewards,
        probability=probability,
        copies=copies,
        max_cycle=max_cycle,
        max_residual=max_residual,
        margin=margin,
        min_accepted=min_accepted,
        action_tolerance=action_tolerance,
        input_tolerance=input_tolerance,
        seed=seed,
    )
    select(device)
    with progress.counter("blocks") as show:
        done = write(
            run,
            data,
            output,
            config,
            judge=judge,
            overwrite=overwrite,
            command=command_line(),
            listener=Listener(render.remark, show),
        )
    for warning in done.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(done.document() | {"output": str(output)})
    else:
        _print(done, output)


def _scale(text: str) -> float | None:
    if text == AUTO:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise ConfigError(f"--scale {text!r}: expected a number or {AUTO}") from error


def _print(done: Any, output: Path) -> None:
    from koopcli.cli import augment_tables, render

    if done.search:
        columns, rows = augment_tables.table(done.search)
        render.table("search for the scale", columns, rows)
    columns, rows = augment_tables.table([done.checks])
    render.table(f"{done.settings.mode}: all proposals", columns, rows)
    if done.generators is not None:
        shown = ", ".join(f"{miss:.2g}" for miss in done.generators)
        render.text(f"symmetries {len(done.generators)}, each misses: {shown}")
    counts = done.episodes
    render.text(
        f"{output}: {counts['recorded']} recorded episodes and {counts['added']} moved "
        f"ones of {done.steps_added} steps, all of these in the train split"
    )
    for line in augment_tables.LEGEND:
        render.remark(line)
