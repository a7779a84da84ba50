"""`koopcli train`: fit a model to a dataset file, into a run folder."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.quantities import parameters
from koopcli.cli.settings import Resolved, resolve
from koopcli.config import (
    Device,
    Initialisation,
    ModelConfig,
    ModelKind,
    OptimizerConfig,
    Stability,
    TrainConfig,
    Unroll,
)
from koopcli.errors import ConfigError

MODEL, OPTIMIZER, TRAIN = ModelConfig(), OptimizerConfig(), TrainConfig()


def _option(help: str, default: object, *names: str) -> Any:
    # Flags default to None, "not given", so that the file and the environment can speak.
    return typer.Option(*names, help=help, show_default=str(default))


def train(
    dataset: Annotated[
        Path | None,
        typer.Argument(metavar="DATA", help="A dataset that `ingest` wrote."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder to create.")
    ] = None,
    kind: Annotated[
        ModelKind | None, _option("Kind of model.", MODEL.kind, "--model")
    ] = None,
    params: Annotated[
        str | None,
        _option("Parameters to choose widths for, such as 300k.", "widths as set"),
    ] = None,
    steps: Annotated[int | None, _option("Gradient steps.", TRAIN.steps)] = None,
    batch_size: Annotated[
        int | None, _option("Windows per gradient step.", TRAIN.batch_size)
    ] = None,
    horizon: Annotated[
        int | None, _option("Steps predicted per window.", TRAIN.horizon)
    ] = None,
    latent_dim: Annotated[
        int | None, _option("Number of complex latents.", MODEL.latent_dim)
    ] = None,
    learning_rate: Annotated[
        float | None, _option("Peak step size.", OPTIMIZER.learning_rate)
    ] = None,
    seed: Annotated[
        int | None, _option("Seed of parameters and sampling.", TRAIN.seed)
    ] = None,
    init: Annotated[
        Initialisation | None, _option("Starting eigenvalues.", MODEL.init)
    ] = None,
    stability: Annotated[
        Stability | None, _option("What keeps |λ| <= 1.", MODEL.stability)
    ] = None,
    unroll: Annotated[
        Unroll | None, _option("Form of the recurrence.", MODEL.unroll)
    ] = None,
    checkpoint_every: Annotated[
        int | None, _option("Steps between stored models.", TRAIN.checkpoint_every)
    ] = None,
    device: Annotated[
        Device,
        typer.Option(
            help="Where to compute; gpu never falls back.", envvar="KOOPCLI_DEVICE"
        ),
    ] = Device.AUTO,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with settings.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting; repeatable."),
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option("--print-config", help="Show every setting and its origin; stop."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing run folder.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """Train a dynamics model.

    Settings: flag or --set, then KOOPCLI_<SETTING> in the environment, then --config,
    then the default. All of them: docs/reference/config.md.

    Example: koopcli train hopper.h5 --output runs/hopper --steps 5000
    """
    flags = {
        "kind": kind,
        "params": None if params is None else parameters(params),
        "steps": steps,
        "batch_size": batch_size,
        "horizon": horizon,
        "latent_dim": latent_dim,
        "learning_rate": learning_rate,
        "seed": seed,
        "init": init,
        "stability": stability,
        "unroll": unroll,
        "checkpoint_every": checkpoint_every,
    }
    resolved = resolve(flags, assignments or [], config, os.environ)
    if print_config:
        _print_config(resolved, as_json=as_json)
        return
    if dataset is None or output is None:
        raise ConfigError(
            "train: give DATA and --output RUN (see koopcli train --help)"
        )
    _train(dataset, output, resolved, device, overwrite=overwrite, as_json=as_json)


def _train(
    dataset: Path,
    output: Path,
    resolved: Resolved,
    device: Device,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    from koopcli import device as devices
    from koopcli.cli import progress, render
    from koopcli.train.fit import fit

    platform = devices.select(device)
    render.remark(f"training on {platform}, into {output}")
    kind, horizon = resolved.config.model.kind, resolved.config.train.horizon
    by_default = resolved.origins["train.horizon"] == "default"
    if by_default and horizon != TRAIN.horizon:
        render.remark(
            f"windows of {horizon} steps, the default for {kind}; for {MODEL.kind} it is "
            f"{TRAIN.horizon}"
        )
    with progress.reporter() as report:
        result = fit(
            dataset,
            output,
            resolved.config,
            report=report,
            command=command_line(),
            overwrite=overwrite,
        )
    for warning in result.warnings:
        render.warning(warning)
    if as_json:
        render.json_document({"schema": "koopcli.train/1", **result.as_json()})
        return
    error = result.best_validation
    rows = [
        ["model", str(result.run / "model.eqx")],
        ["parameters", str(result.parameters)],
        ["steps", f"{result.steps}, best at {result.best_step}"],
        [
            "validation NRMSE over the horizon",
            render.number(None if error is None else error**0.5),
        ],
        ["rollouts re-encode", _interval(result.reencode_every)],
        ["seconds", f"{result.seconds:.0f}"],
    ]
    render.table(f"Trained {output}", ["what", "value"], rows)
    render.remark(f"next: koopcli eval {output} {dataset}")


def _interval(steps: int) -> str:
    return f"every {steps} steps" if steps else "never"


def _print_config(resolved: Resolved, *, as_json: bool) -> None:
    from koopcli import config_file
    from koopcli.cli import render

    values = config_file.flatten(resolved.config)
    if as_json:
        settings = [
            {"name": name, "value": value, "origin": resolved.origins[name]}
            for name, value in values.items()
        ]
        render.json_document({"schema": "koopcli.config/1", "settings": settings})
        return
    rows = [
        [name, "unset" if value is None else str(value), resolved.origins[name]]
        for name, value in values.items()
    ]
    render.table("Configuration", ["setting", "value", "origin"], rows)
