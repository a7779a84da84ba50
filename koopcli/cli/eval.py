"""`koopcli eval`: how wrong a model is, how far ahead, against simple baselines."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli import data_map as maps
from koopcli.cli import quantities
from koopcli.cli.options import AsJson, OverwriteResults, Where
from koopcli.config.choices import Device, Split
from koopcli.config.evaluation import EvalConfig, LongRunConfig, SimulateConfig
from koopcli.errors import ConfigError, GateError

DEFAULT, LONG_RUN = EvalConfig(), LongRunConfig()
HORIZONS = ",".join(map(str, DEFAULT.horizons))
COMMON = {"runs", "dataset", "output", "device", "overwrite", "as_json"}
OF_MAPS = COMMON | {"data_map"}
OF_SIMULATIONS = COMMON | {"simulate", "split", "n_init", "reencode_every"}


def evaluate(
    context: typer.Context,
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders or model files.")
    ],
    dataset: Annotated[
        Path, typer.Argument(metavar="DATA", help="A dataset that `ingest` wrote.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for JSON, CSV, Parquet, Markdown, LaTeX and pictures.",
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
        str | None,
        typer.Option(
            help="Decode and encode again every so many steps; 0 never. Several "
            "(0,5,10) are compared.",
            show_default="as stored in the model",
        ),
    ] = None,
    angle_cols: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Dimensions that are angles, separated by commas: theta in radians, "
            "theta=360 in degrees.",
        ),
    ] = None,
    valid_threshold: Annotated[
        float, typer.Option(help="NRMSE up to which a prediction counts as valid.")
    ] = DEFAULT.valid_threshold,
    lyapunov_exponent: Annotated[
        float | None,
        typer.Option(
            help="Largest exponent of the system, 1/s: times and errors are given by its "
            "inverse too."
        ),
    ] = DEFAULT.lyapunov_exponent,
    long_run: Annotated[
        bool,
        typer.Option(
            "--long-run",
            help="For autonomous or chaotic systems: compare the states and the "
            "frequencies of a free rollout with those of the episode (D_stsp, D_H).",
        ),
    ] = False,
    burn_in: Annotated[
        int | None,
        typer.Option(
            help="With --long-run: steps of an episode that are not compared.",
            show_default=str(LONG_RUN.burn_in),
        ),
    ] = None,
    min_steps: Annotated[
        int | None,
        typer.Option(
            help="With --long-run: fewest compared steps of an episode.",
            show_default=str(LONG_RUN.min_steps),
        ),
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(help="Draws of episodes behind the intervals; 0 for none.")
    ] = DEFAULT.bootstrap,
    confidence: Annotated[
        float, typer.Option(help="Confidence of the intervals.")
    ] = DEFAULT.confidence,
    seed: Annotated[int, typer.Option(help="Of these draws.")] = DEFAULT.seed,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="Exit with 6 if it holds for a run: 'nrmse@100>0.3'. Repeatable.",
        ),
    ] = None,
    plot_dims: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Dimensions of the example rollouts in --output.",
            show_default="the first 6",
        ),
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option("--simulate", help="Simulate whole episodes, in one piece each."),
    ] = False,
    data_map: Annotated[
        bool,
        typer.Option(
            "--data-map",
            help="Name hard, ambiguous and suspicious windows of a run that was trained "
            "with --data-map; nothing else is evaluated.",
        ),
    ] = False,
    n_init: Annotated[
        int | None,
        typer.Option(
            help="Samples at the start of an episode that are given, not scored.",
            show_default="with --simulate: the fewest possible",
        ),
    ] = None,
    device: Where = Device.AUTO,
    overwrite: OverwriteResults = False,
    as_json: AsJson = False,
) -> None:
    """Measure open-loop errors of runs against each other and simple baselines.

    Several runs are compared start by start. Formulas: docs/metrics.md.

    Example: koopcli eval runs/a runs/b data.h5 --fail-if 'nrmse@100>0.3'
    """
    from koopcli.cli import progress, render
    from koopcli.evaluate import gates, tables
    from koopcli.evaluate.evaluate import evaluate as verb
    from koopcli.files import refuse_results

    if data_map:
        others = _given_besides(context, OF_MAPS)
        if others:
            raise ConfigError(
                f"--data-map evaluates nothing else: omit other options ({others})"
            )
        maps.show(runs, dataset, output, overwrite=overwrite, as_json=as_json)
        return
    every, sweep = _reencoding(reencode_every)
    if simulate:
        if stride is not None or horizons != HORIZONS:
            raise ConfigError(
                "--simulate goes to the end: omit --horizons and --stride"
            )
        if sweep or angle_cols or fail_if or plot_dims or long_run:
            raise ConfigError(
                "--simulate takes one --reencode-every, and no --angle-cols, --fail-if, "
                "--plot-dims or --long-run"
            )
        others = _given_besides(context, OF_SIMULATIONS)
        if others:
            raise ConfigError(f"--simulate has no use for {others}; omit it")
        settings = SimulateConfig(split=split, n_init=n_init, reencode_every=every)
        _simulate(runs, dataset, settings, (device, output, overwrite, as_json))
        return
    if n_init is not None:
        raise ConfigError("--n-init belongs to --simulate; add it")
    config = EvalConfig(
        split=split,
        horizons=quantities.numbers(horizons, "--horizons"),
        stride=stride,
        reencode_every=every,
        reencode_sweep=sweep,
        angle_cols=_names(angle_cols),
        valid_threshold=valid_threshold,
        lyapunov_exponent=lyapunov_exponent,
        long_run=_long_run(long_run, burn_in, min_steps),
        bootstrap=bootstrap,
        confidence=confidence,
        seed=seed,
    )
    conditions = [gates.parse(text) for text in fail_if or ()]
    gates.check_horizons(conditions, config.horizons)
    gates.check_long_run(conditions, asked=long_run)
    if output is not None:
        refuse_results(output, tables.FILES, overwrite=overwrite)
    with progress.counter("starts") as show:
        report = verb(runs, dataset, config, device=device, progress=show)
    if output is not None:
        dims = _names(plot_dims)
        written = tables.write(report, output, overwrite=overwrite, dims=dims)
        render.remark(f"wrote {output}/: {', '.join(written)}")
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(report.document())
    else:
        _print(report)
    failed = gates.failures(conditions, report)
    if failed:
        raise GateError("; ".join(failed))


def _print(report: Any) -> None:
    from koopcli.cli import render
    from koopcli.evaluate.sections import sections

    protocol = report.protocol
    render.remark(
        f"{protocol.starts} starts of the {protocol.split} split, every "
        f"{protocol.stride} steps, in {protocol.episodes} episodes; open loop; errors of "
        "dimensions: --json or --output"
    )
    for title, columns, rows in sections(report):
        render.table(title, list(columns), rows)


def _given_besides(context: typer.Context, allowed: set[str]) -> str:
    # On the command line: KOOPCLI_DEVICE and the like are meant for every command.
    return ", ".join(
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in allowed
        and (source := context.get_parameter_source(parameter.name or ""))
        and source.name == "COMMANDLINE"
    )


def _reencoding(text: str | None) -> tuple[int | None, tuple[int, ...]]:
    # One value is used; several are compared, and the tables keep that of each model.
    if text is None:
        return None, ()
    several = quantities.numbers(text, "--reencode-every")
    if len(set(several)) < len(several):
        raise ConfigError(f"--reencode-every {text!r}: names a value twice")
    return (several[0], ()) if len(several) == 1 else (None, several)


def _long_run(
    asked: bool, burn_in: int | None, min_steps: int | None
) -> LongRunConfig | None:
    given = {"burn_in": burn_in, "min_steps": min_steps}
    known = {name: value for name, value in given.items() if value is not None}
    if not asked and known:
        raise ConfigError("--burn-in and --min-steps belong to --long-run; add it")
    return LongRunConfig(**known) if asked else None


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def _simulate(
    runs: list[Path],
    dataset: Path,
    config: SimulateConfig,
    flags: tuple[Device, Path | None, bool, bool],
) -> None:
    from koopcli.cli import progress, render
    from koopcli.evaluate import simulation
    from koopcli.evaluate.simulate import simulate
    from koopcli.files import refuse_results

    device, output, overwrite, as_json = flags
    if output is not None:
        refuse_results(output, simulation.FILES, overwrite=overwrite)
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
