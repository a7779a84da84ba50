"""`koopcli predict`: rollouts of a trained model, written to a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.options import AsJson, OverwriteFile, Where
from koopcli.config.choices import Device, Split
from koopcli.config.evaluation import PredictConfig
from koopcli.errors import ConfigError

DEFAULT = PredictConfig()


def predict(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Run folder or model file.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Prediction file to write (HDF5).")
    ],
    dataset: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA]", help="A dataset that `ingest` wrote."),
    ] = None,
    split: Annotated[Split, typer.Option(help="Episodes to start from.")] = (
        DEFAULT.split
    ),
    horizon: Annotated[
        int | None,
        typer.Option(
            help="Steps to predict; may exceed the training horizon.",
            show_default=f"{DEFAULT.horizon}, or one per row of --actions",
        ),
    ] = None,
    starts: Annotated[
        str, typer.Option(help="`all`, or how many, spread evenly.", metavar="all|N")
    ] = "all",
    initial_state: Annotated[
        Path | None,
        typer.Option(help="One observation (CSV, NPZ, NPY), instead of DATA."),
    ] = None,
    actions: Annotated[
        Path | None, typer.Option(help="One row per step, with --initial-state.")
    ] = None,
    reencode_every: Annotated[
        int | None,
        typer.Option(
            help="Decode and encode again every so many steps; 0 never.",
            show_default="as stored in the model",
        ),
    ] = DEFAULT.reencode_every,
    device: Where = Device.AUTO,
    overwrite: OverwriteFile = False,
    as_json: AsJson = False,
) -> None:
    """Predict observations (and rewards) from start states and actions."""
    from koopcli.cli import progress, render
    from koopcli.evaluate.predict import predict as verb

    config = PredictConfig(
        split=split,
        horizon=DEFAULT.horizon if horizon is None else horizon,
        starts=_count(starts),
        reencode_every=reencode_every,
    )
    source = _source(dataset, initial_state, actions, horizon)
    with progress.counter("rollouts") as show:
        summary = verb(
            run,
            source,
            output,
            config,
            overwrite=overwrite,
            device=device,
            progress=show,
        )
    for warning in summary.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(summary.document())
        return
    rows = [[key, str(value)] for key, value in summary.document().items()]
    shown = [row for row in rows if row[0] not in ("schema", "warnings")]
    render.table("Prediction", ["what", "value"], shown)


def _count(text: str) -> int | None:
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError(f"--starts {text!r}: expected `all` or a number") from error


def _source(
    dataset: Path | None,
    initial_state: Path | None,
    actions: Path | None,
    horizon: int | None,
) -> Any:
    from koopcli.evaluate.predict import InputFiles

    if initial_state is None and dataset is not None:
        if actions is not None:
            raise ConfigError("predict: --actions goes with --initial-state, not DATA")
        return dataset
    if initial_state is None or dataset is not None:
        raise ConfigError("predict: give either DATA or --initial-state FILE")
    return InputFiles(initial_state, actions, horizon)
