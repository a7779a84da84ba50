"""`koopcli train`: fit a model to a dataset file, into a run folder."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli import train_tables
from koopcli.cli.command_line import command_line
from koopcli.cli.options import AsJson, Where
from koopcli.cli.quantities import memory, parameters, period
from koopcli.cli.session import How, given, started
from koopcli.cli.settings import Resolved, resolve
from koopcli.config.choices import (
    Device,
    Initialisation,
    Logger,
    ModelKind,
    Precision,
    Remat,
    Stability,
    Unroll,
)
from koopcli.config.model import ModelConfig
from koopcli.config.training import OptimizerConfig, TrainConfig
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
        int | None, _option("Number of latents.", MODEL.latent_dim)
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
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Go on with a run; takes --steps to extend it."
        ),
    ] = None,
    checkpoint_every: Annotated[
        str | None,
        _option("Steps (500) or time (5m) between checkpoints.", "5m"),
    ] = None,
    data_map: Annotated[
        bool | None,
        typer.Option(
            "--data-map",
            help="Keep the error of training windows at every validation, for "
            "koopcli eval --data-map.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None, _option("Newest checkpoints to keep; 0 all.", TRAIN.keep)
    ] = None,
    max_bad_steps: Annotated[
        int | None,
        _option("Non-finite steps in a row to skip.", TRAIN.max_bad_steps),
    ] = None,
    precision: Annotated[
        Precision | None,
        _option("Of the products in networks; sums stay float32.", TRAIN.precision),
    ] = None,
    remat: Annotated[
        Remat | None,
        _option(
            "Take the gradient of a batch slice by slice: less memory, some slower.",
            TRAIN.remat,
        ),
    ] = None,
    deterministic: Annotated[
        bool | None,
        typer.Option(
            "--deterministic",
            help="The same bits every time on a GPU too; slower.",
            show_default=False,
        ),
    ] = None,
    log: Annotated[
        list[Logger] | None,
        typer.Option(help="Log elsewhere too; repeatable."),
    ] = None,
    memory_budget: Annotated[
        str | None,
        _option(
            "Memory that the data may take, such as 2GB; beyond, it is read from disk.",
            "a quarter of the memory",
        ),
    ] = None,
    device: Where = Device.AUTO,
    num_devices: Annotated[
        int | None,
        _option("Devices that share every batch.", "all that divide it"),
    ] = None,
    distributed: Annotated[
        bool,
        typer.Option(
            "--distributed",
            help="One of several processes, which SLURM, Open MPI or Kubernetes started.",
        ),
    ] = False,
    coordinator: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Of process 0, where nobody else tells; implies --distributed.",
        ),
    ] = None,
    num_processes: Annotated[
        int | None, typer.Option(help="Processes, with --coordinator.")
    ] = None,
    process_id: Annotated[
        int | None, typer.Option(help="Which this is, from 0, with --coordinator.")
    ] = None,
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
    as_json: AsJson = False,
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
        "data_map": data_map,
        "keep": keep,
        "max_bad_steps": max_bad_steps,
        "precision": precision,
        "remat": remat,
        "deterministic": deterministic,
        **({} if checkpoint_every is None else period(checkpoint_every)),
        "memory_budget": None if memory_budget is None else memory(memory_budget),
        "num_devices": num_devices,
    }
    processes = given(distributed, coordinator, num_processes, process_id)
    if resume is not None:
        _refuse_new(output, config, overwrite=overwrite)
        config = _settings(resume)
    resolved = resolve(flags, assignments or [], config, os.environ)
    if print_config:
        train_tables.settings(resolved, as_json=as_json)
        return
    how = How(device, processes, tuple(log or ()), overwrite, as_json)
    if resume is not None:
        _resume(resume, dataset, resolved, how)
        return
    if dataset is None or output is None:
        raise ConfigError(
            "train: give DATA and --output RUN (see koopcli train --help)"
        )
    _train(dataset, output, resolved, how)


def _refuse_new(output: Path | None, config: Path | None, *, overwrite: bool) -> None:
    given = {"--output": output, "--config": config, "--overwrite": overwrite or None}
    for flag, value in given.items():
        if value is not None:
            raise ConfigError(
                f"--resume goes on with a run as it is: {flag} means nothing to it"
            )


def _settings(run: Path) -> Path:
    from koopcli.train import resuming

    return resuming.settings(run)


def _resume(run: Path, dataset: Path | None, resolved: Resolved, how: How) -> None:
    from koopcli.train import fit, resuming

    resuming.check(run, resolved.config)
    with started(run, resolved.config, how) as (report, tell):
        result = fit.resume(
            run,
            resolved.config,
            dataset,
            report=report,
            command=command_line(),
            tell=tell,
        )
    train_tables.outcome(result, dataset or Path("DATA"), as_json=how.as_json)


def _train(dataset: Path, output: Path, resolved: Resolved, how: How) -> None:
    from koopcli.cli import render
    from koopcli.train.fit import fit

    kind, horizon = resolved.config.model.kind, resolved.config.train.horizon
    by_default = resolved.origins["train.horizon"] == "default"
    if by_default and horizon != TRAIN.horizon:
        render.remark(
            f"windows of {horizon} steps, the default for {kind}; for {MODEL.kind} it is "
            f"{TRAIN.horizon}"
        )
    with started(output, resolved.config, how) as (report, tell):
        result = fit(
            dataset,
            output,
            resolved.config,
            report=report,
            command=command_line(),
            overwrite=how.overwrite,
            tell=tell,
        )
    train_tables.outcome(result, dataset, as_json=how.as_json)
