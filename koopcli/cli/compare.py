"""`koopcli compare`: several models under one budget, trained and judged alike."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.options import AsJson, Where
from koopcli.cli.quantities import budget as read_budget
from koopcli.cli.quantities import names, numbers
from koopcli.cli.quantities import parameters as read_parameters
from koopcli.cli.settings import resolve
from koopcli.config.choices import Device, ModelKind, Split
from koopcli.config.comparison import CompareConfig

DEFAULT = CompareConfig()


def compare(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATA", help="A dataset that `ingest` wrote.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Folder for the runs and the tables; resumed."
        ),
    ],
    models: Annotated[
        str, typer.Option(help="Kinds of model, separated by commas.")
    ] = ",".join(DEFAULT.models),
    seeds: Annotated[
        str, typer.Option(help="Seeds to train each with, separated by commas.")
    ] = ",".join(map(str, DEFAULT.seeds)),
    budget: Annotated[
        str,
        typer.Option(
            help="Gradient steps (5000, 5k) or training time (90s, 10m) of each run."
        ),
    ] = str(DEFAULT.budget.steps),
    params: Annotated[
        str | None,
        typer.Option(
            help="Number of parameters of every model, such as 300k.",
            show_default="each model's own",
        ),
    ] = None,
    horizons: Annotated[
        str, typer.Option(help="Steps ahead to report, separated by commas.")
    ] = ",".join(map(str, DEFAULT.horizons)),
    split: Annotated[Split, typer.Option(help="Episodes to evaluate on.")] = (
        DEFAULT.split
    ),
    device: Where = Device.AUTO,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with settings of every model.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting of every model; repeatable."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Train anew what was asked otherwise.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train several models under one budget and set them side by side.

    Finished runs are kept: the same command again goes on where it was stopped.

    Example: koopcli compare hopper.h5 -o cmp --models koopman,gru --budget 10m
    """
    request = CompareConfig(
        models=names(models, ModelKind, "--models"),
        seeds=numbers(seeds, "--seeds"),
        budget=read_budget(budget),
        params=None if params is None else read_parameters(params),
        horizons=numbers(horizons, "--horizons"),
        split=split,
        settings=_settings(assignments or [], config),
    )
    from koopcli import device as devices
    from koopcli.cli import progress, render
    from koopcli.compare import tables
    from koopcli.compare.compare import compare as verb
    from koopcli.compare.listener import Listener

    platform = devices.select(device)
    render.remark(f"comparing on {platform}, into {output}")
    listener = Listener(
        tell=render.remark,
        watch=progress.reporter,
        evaluated=progress.count_lines("starts"),
        command=command_line(),
    )
    comparison = verb(dataset, output, request, listener=listener, overwrite=overwrite)
    tables.write(comparison, output)
    render.remark(f"wrote {output}/: {', '.join(tables.FILES)}")
    for warning in comparison.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(tables.document(comparison))
    else:
        _print(comparison)


def _settings(assignments: list[str], file: Path | None) -> dict[str, object]:
    from koopcli import config_file

    resolved = resolve({}, assignments, file, os.environ)
    values = config_file.flatten(resolved.config)
    # Only what was given: the rest is each kind's own default.
    return {
        name: value
        for name, value in values.items()
        if resolved.origins[name] != "default"
    }


def _print(comparison: Any) -> None:
    from koopcli.cli import render
    from koopcli.compare import layout

    for table in layout.tables(comparison):
        rows = [
            [f"{cell.text} *" if cell.best else cell.text for cell in row]
            for row in table.rows
        ]
        render.table(table.title, list(table.columns), rows)
    for line in layout.rankings(comparison):
        render.text(line)
