"""`koopcli sweep`: try settings and seeds, chosen by Optuna, on one or many machines."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.options import AsJson, Where
from koopcli.cli.quantities import numbers
from koopcli.cli.settings import resolve
from koopcli.config.choices import Device, ModelKind, Pruner, Sampler
from koopcli.config.model import ModelConfig
from koopcli.config.sweep import SweepConfig
from koopcli.config.training import TrainConfig

DEFAULT, MODEL, TRAIN = SweepConfig(params=("",)), ModelConfig(), TrainConfig()
SHOWN = 30
"""Rows of the table on the terminal; the files have all."""


def sweep(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATA", help="A dataset that `ingest` wrote.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Folder for the runs and the tables; resumed."
        ),
    ],
    params: Annotated[
        list[str],
        typer.Option(
            "--param",
            metavar="SPEC",
            help="A setting to try, repeatable: NAME=LOW..HIGH, NAME=LOW..HIGH:log, "
            "NAME=LOW..HIGH:STEP or NAME=A,B,C.",
        ),
    ],
    trials: Annotated[
        int | None,
        typer.Option(
            help="Trials in all, of every process.", show_default="20; grid: all"
        ),
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="Seeds to train each trial with, separated by commas.")
    ] = ",".join(map(str, DEFAULT.seeds)),
    sampler: Annotated[
        Sampler, typer.Option(help="How settings are chosen.")
    ] = DEFAULT.sampler,
    sampler_seed: Annotated[
        int, typer.Option(help="Seed of the choice.")
    ] = DEFAULT.sampler_seed,
    pruner: Annotated[
        Pruner, typer.Option(help="Which trials are stopped early.")
    ] = DEFAULT.pruner,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Database of the study, or journal:FILE, for many machines.",
            show_default="study.db in the output folder",
            envvar="KOOPCLI_STORAGE",
        ),
    ] = None,
    study: Annotated[
        str, typer.Option(help="Name of the study in its storage.")
    ] = DEFAULT.study,
    kind: Annotated[
        ModelKind | None,
        typer.Option("--model", help="Kind of model.", show_default=MODEL.kind),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Gradient steps of each run.", show_default=str(TRAIN.steps)),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Windows per gradient step.", show_default=str(TRAIN.batch_size)
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            help="Steps predicted per window.", show_default=str(TRAIN.horizon)
        ),
    ] = None,
    device: Where = Device.AUTO,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with settings of every trial.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting of every trial; repeatable."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try settings: train many runs, stop hopeless ones early, and rank them.

    The same command again goes on where it was stopped; the same command at the same
    time, with a --storage that all can reach, shares the work.

    Example: koopcli sweep hopper.h5 -o sweep --param optimizer.learning_rate=1e-3..1e-1:log
    """
    flags = {
        "kind": kind,
        "steps": steps,
        "batch_size": batch_size,
        "horizon": horizon,
    }
    request = SweepConfig(
        params=tuple(params),
        trials=trials,
        seeds=numbers(seeds, "--seeds"),
        sampler=sampler,
        sampler_seed=sampler_seed,
        pruner=pruner,
        storage=storage,
        study=study,
        settings=_settings(flags, assignments or [], config, params),
    )
    from koopcli import device as devices
    from koopcli.cli import progress, render
    from koopcli.sweep import engine

    # Before any work: a library may be missing.
    engine.require()
    from koopcli.sweep import tables
    from koopcli.sweep.listener import Listener
    from koopcli.sweep.studies import shown
    from koopcli.sweep.sweep import sweep as verb

    platform = devices.select(device)
    render.remark(f"sweeping on {platform}, into {output}")
    listener = Listener(
        tell=render.remark, watch=progress.reporter, command=shown(command_line())
    )
    found = verb(dataset, output, request, listener=listener)
    render.remark(f"wrote {output}/: {', '.join(tables.write(found, output))}")
    if as_json:
        render.json_document(tables.document(found))
    else:
        _print(found, output, dataset)


def _settings(
    flags: dict[str, Any], assignments: list[str], file: Path | None, tried: list[str]
) -> dict[str, object]:
    from koopcli import config_file
    from koopcli.sweep import space

    resolved = resolve(flags, assignments, file, os.environ)
    values = config_file.flatten(resolved.config)
    # What is tried, and seeds, win over a file (best.toml of another sweep) and over the
    # environment; a flag that says otherwise is a mistake, and refused later.
    own = {each.name for each in space.read(tried)} | {"train.seed"}
    return {
        name: value
        for name, value in values.items()
        if (origin := resolved.origins[name]) != "default"
        and (name not in own or origin.startswith("--"))
    }


def _print(found: Any, output: Path, dataset: Path) -> None:
    from koopcli.cli import render
    from koopcli.sweep import tables

    rows = tables.rows(found)
    render.table(f"Sweep {output}", tables.columns(found), rows[:SHOWN])
    if len(rows) > SHOWN:
        render.text(f"{len(rows) - SHOWN} more rows: {output}/sweep.md")
    render.text(f"{tables.summary(found)} {tables.explanation(found)}")
    if busy := found.count("running", "waiting"):
        render.remark(
            f"{busy} trials are still with other processes; the last one to end writes "
            "the complete tables"
        )
    if found.best is not None:
        render.remark(
            f"next: koopcli train {dataset} --output RUN --config {output}/{tables.BEST}"
        )
