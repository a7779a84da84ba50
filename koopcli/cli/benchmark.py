"""`koopcli benchmark train|unroll|predict`: how fast, and how far from the limit."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.options import AsJson, OverwriteResults, Where
from koopcli.cli.quantities import names, numbers
from koopcli.cli.quantities import parameters as read_parameters
from koopcli.config.benchmark import (
    BenchmarkPredictConfig,
    BenchmarkTrainConfig,
    BenchmarkUnrollConfig,
)
from koopcli.config.choices import Device, ModelKind, Precision, Remat

TRAIN, PREDICT = BenchmarkTrainConfig(), BenchmarkPredictConfig()
UNROLL = BenchmarkUnrollConfig()
MODELS = ",".join(TRAIN.models)
TRAIN_HORIZONS, UNROLL_HORIZONS, PREDICT_HORIZONS = (
    ",".join(map(str, config.horizons)) for config in (TRAIN, UNROLL, PREDICT)
)
BATCH_SIZES = ",".join(map(str, PREDICT.batch_sizes))

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


Models = Annotated[str, typer.Option(help="Kinds of model, separated by commas.")]
Horizons = Annotated[str, typer.Option(help="Steps, separated by commas.")]
ObservationDim = Annotated[int, typer.Option(help="Numbers per observation.")]
ActionDim = Annotated[int, typer.Option(help="Numbers per action.")]
Repeats = Annotated[int, typer.Option(help="Rounds; each measures everything once.")]
Parameters = Annotated[
    str | None,
    typer.Option(
        help="Number of parameters of every model, such as 300k.",
        show_default="each model's own",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for JSON, CSV and pictures."),
]


@app.callback()
def benchmark() -> None:
    """Measure how fast koopcli is on this machine, and how far from its limit.

    Data is made up. Measurements are medians of rounds in which everything has its turn.
    """


@app.command("train")
def train(
    models: Models = MODELS,
    horizons: Horizons = TRAIN_HORIZONS,
    batch_size: Annotated[
        int, typer.Option(help="Windows per gradient step.")
    ] = TRAIN.batch_size,
    observation_dim: ObservationDim = TRAIN.observation_dim,
    action_dim: ActionDim = TRAIN.action_dim,
    params: Parameters = None,
    precision: Annotated[
        Precision, typer.Option(help="Of the products in networks.")
    ] = TRAIN.precision,
    remat: Annotated[
        Remat, typer.Option(help="Take the gradient of a batch slice by slice.")
    ] = TRAIN.remat,
    roofline: Annotated[
        bool,
        typer.Option(
            "--roofline", help="Hold it against matrix products; divide it into parts."
        ),
    ] = False,
    repeats: Repeats = TRAIN.repeats,
    device: Where = Device.AUTO,
    output: Output = None,
    overwrite: OverwriteResults = False,
    as_json: AsJson = False,
) -> None:
    """Gradient updates per second, compile time and memory, per model and horizon.

    Example: koopcli benchmark train --models koopman,gru --horizons 100 --params 300k
    """
    config = BenchmarkTrainConfig(
        models=names(models, ModelKind, "--models"),
        horizons=numbers(horizons, "--horizons"),
        batch_size=batch_size,
        observation_dim=observation_dim,
        action_dim=action_dim,
        params=None if params is None else read_parameters(params),
        precision=precision,
        remat=remat,
        roofline=roofline,
        repeats=repeats,
    )
    _ready("train", device, output, overwrite=overwrite)
    from koopcli.benchmark import train as verb
    from koopcli.benchmark.report import Report
    from koopcli.cli import benchmark_tables, render

    report = Report("train", config, verb.measure(config, render.remark))
    _finish(report, output, benchmark_tables.updates, as_json=as_json)


@app.command("unroll")
def unroll(
    horizons: Horizons = UNROLL_HORIZONS,
    batch_size: Annotated[int, typer.Option(help="Sequences.")] = UNROLL.batch_size,
    latent_dim: Annotated[
        int, typer.Option(help="Complex latents.")
    ] = UNROLL.latent_dim,
    repeats: Repeats = UNROLL.repeats,
    device: Where = Device.AUTO,
    output: Output = None,
    overwrite: OverwriteResults = False,
    as_json: AsJson = False,
) -> None:
    """Every form of the recurrence against the least time its bytes could take.

    Example: koopcli benchmark unroll --horizons 100,1000
    """
    config = BenchmarkUnrollConfig(
        horizons=numbers(horizons, "--horizons"),
        batch_size=batch_size,
        latent_dim=latent_dim,
        repeats=repeats,
    )
    _ready("unroll", device, output, overwrite=overwrite)
    from koopcli.benchmark import unroll as verb
    from koopcli.benchmark.report import Report
    from koopcli.cli import benchmark_tables, render

    report = Report("unroll", config, verb.measure(config, render.remark))
    _finish(report, output, benchmark_tables.floors, as_json=as_json)


@app.command("predict")
def predict(
    models: Models = MODELS,
    horizons: Horizons = PREDICT_HORIZONS,
    batch_sizes: Annotated[
        str, typer.Option(help="Rollouts per call, separated by commas.")
    ] = BATCH_SIZES,
    observation_dim: ObservationDim = PREDICT.observation_dim,
    action_dim: ActionDim = PREDICT.action_dim,
    params: Parameters = None,
    repeats: Repeats = PREDICT.repeats,
    device: Where = Device.AUTO,
    output: Output = None,
    overwrite: OverwriteResults = False,
    as_json: AsJson = False,
) -> None:
    """Rollouts per second, and the latency of one step and of one of 100 steps.

    Example: koopcli benchmark predict --models koopman,gru --batch-sizes 1,256
    """
    config = BenchmarkPredictConfig(
        models=names(models, ModelKind, "--models"),
        horizons=numbers(horizons, "--horizons"),
        batch_sizes=numbers(batch_sizes, "--batch-sizes"),
        observation_dim=observation_dim,
        action_dim=action_dim,
        params=None if params is None else read_parameters(params),
        repeats=repeats,
    )
    _ready("predict", device, output, overwrite=overwrite)
    from koopcli.benchmark import predict as verb
    from koopcli.benchmark.report import Report
    from koopcli.cli import benchmark_tables, render

    report = Report("predict", config, verb.measure(config, render.remark))
    _finish(report, output, benchmark_tables.rollouts, as_json=as_json)


def _ready(name: str, device: Device, output: Path | None, *, overwrite: bool) -> None:
    # Before any work: minutes of measuring for nothing would be a pity.
    from koopcli import device as devices
    from koopcli.benchmark.report import files
    from koopcli.cli import render
    from koopcli.files import refuse_results

    if output is not None:
        refuse_results(output, files(name), overwrite=overwrite)
    render.remark(f"measuring on {devices.select(device)}")


def _finish(report: Any, output: Path | None, tables: Any, *, as_json: bool) -> None:
    from koopcli.benchmark import report as reports
    from koopcli.cli import render

    if output is not None:
        reports.write(report, output)
        render.remark(f"wrote {output}/: {', '.join(reports.files(report.benchmark))}")
    if as_json:
        render.json_document(report.document())
        return
    for title, columns, rows in tables(report.results):
        render.table(title, columns, rows)
