"""`koopcli eval`: how wrong a model is, how far ahead, against simple baselines."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.config import Device, EvalConfig, SimulateConfig, Split
from koopcli.errors import ConfigError

DEFAULT = EvalConfig()
HORIZONS = ",".join(map(str, DEFAULT.horizons))


def evaluate(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders or model files.")
    ],
    dataset: Annotated[
        Path, typer.Argument(metavar="DATA", help="A dataset that `ingest` wrote.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for JSON, CSV, Markdown, LaTeX and pictures."
        ),
    ] = None,
    split: Annotated[Split, typer.Option(help="Episodes to evaluate on.")] = (
        DEFAULT.split
    ),
    horizons: Annotated[
        str, typer.Option(help="Steps ahead to report, separated by commas.")
    ] = HORIZONS,
    stride: Annotated[
        int | None,
        typer.Option(
            help="Steps between two starts of an episode.",
            show_default=f"as many as keep {DEFAULT.max_starts} starts",
        ),
    ] = DEFAULT.stride,
    reencode_every: Annotated[
        int | None,
        typer.Option(
            help="Decode and encode again every so many steps; 0 never.",
            show_default="as stored in the model",
        ),
    ] = DEFAULT.reencode_every,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Simulate whole episodes, in one piece each."),
    ] = False,
    n_init: Annotated[
        int | None,
        typer.Option(
            help="Samples at the start of an episode that are given, not scored.",
            show_default="with --simulate: the fewest possible",
        ),
    ] = None,
    device: Annotated[
        Device, typer.Option(help="Where to compute.", envvar="KOOPCLI_DEVICE")
    ] = Device.AUTO,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results in the output folder.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """Measure open-loop errors of runs against persistence and a linear model.

    Example: koopcli eval runs/rig rig.h5 --simulate --n-init 50
    """
    from koopcli.cli import progress, render
    from koopcli.evaluate import tables
    from koopcli.evaluate.evaluate import evaluate as verb

    if simulate:
        if stride is not None or horizons != HORIZONS:
            raise ConfigError(
                "--simulate goes to the end: omit --horizons and --stride"
            )
        settings = SimulateConfig(
            split=split, n_init=n_init, reencode_every=reencode_every
        )
        _simulate(runs, dataset, settings, (device, output, overwrite, as_json))
        return
    if n_init is not None:
        raise ConfigError("--n-init belongs to --simulate; add it")
    config = EvalConfig(
        split=split,
        horizons=_numbers(horizons),
        stride=stride,
        reencode_every=reencode_every,
    )
    if output is not None:
        tables.refuse(output, overwrite=overwrite)
    with progress.counter("starts") as show:
        report = verb(runs, dataset, config, device=device, progress=show)
    if output is not None:
        tables.write(report, output, overwrite=overwrite)
        render.remark(f"wrote {output}/: {', '.join(tables.FILES)}")
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(report.document())
    else:
        _print(report)


def _print(report: Any) -> None:
    from koopcli.cli import render
    from koopcli.evaluate import tables

    protocol = report.protocol
    render.remark(
        f"{protocol.starts} starts of the {protocol.split} split, every "
        f"{protocol.stride} steps; open loop; errors of dimensions: --json or --output"
    )
    title = "Error by steps ahead (NRMSE: 1 = training standard deviation)"
    render.table(title, list(tables.COLUMNS), tables.overall_rows(report))
    title = f"Steps 1 to {protocol.horizons[-1]}"
    render.table(title, ["model", "mean NMSE", "diverged"], tables.summary_rows(report))


def _simulate(
    runs: list[Path],
    dataset: Path,
    config: SimulateConfig,
    flags: tuple[Device, Path | None, bool, bool],
) -> None:
    from koopcli.cli import progress, render
    from koopcli.evaluate import simulation
    from koopcli.evaluate.simulate import simulate

    device, output, overwrite, as_json = flags
    if output is not None:
        simulation.refuse(output, overwrite=overwrite)
    with progress.counter("episodes") as show:
        report = simulate(runs, dataset, config, device=device, progress=show)
    if output is not None:
        simulation.write(report, output, overwrite=overwrite)
        render.remark(f"wrote {output}/: {', '.join(simulation.FILES)}")
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(report.document())
        return
    protocol = report.protocol
    render.remark(
        f"{protocol.episodes} episodes of the {protocol.split} split, simulated after "
        f"{protocol.n_init} given samples; all dimensions and episodes: --json or --output"
    )
    title = "Error of the simulation (RMSE: physical units)"
    render.table(title, list(simulation.COLUMNS), simulation.cells(report))


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(
            f"--horizons {text!r}: expected whole numbers separated by commas, such as "
            "1,10,100"
        ) from error
