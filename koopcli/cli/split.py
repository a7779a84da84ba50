"""`koopcli split`: other splits for a dataset file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.options import (
    AsJson,
    OverwriteFile,
    SplitSeed,
    TestFraction,
    ValFraction,
)
from koopcli.config.data import SplitConfig
from koopcli.errors import ConfigError

DEFAULT = SplitConfig()


def split(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Dataset file.")],
    val_fraction: ValFraction = None,
    test_fraction: TestFraction = None,
    seed: SplitSeed = None,
    by_source: Annotated[
        bool,
        typer.Option("--by-source", help="Keep the episodes of a file together."),
    ] = DEFAULT.by_source,
    kfold: Annotated[
        int | None, typer.Option(help="Number of folds; one becomes the test split.")
    ] = DEFAULT.kfold,
    fold: Annotated[
        int | None, typer.Option(help="The fold to test on, from 0.")
    ] = DEFAULT.fold,
    lists: Annotated[
        Path | None,
        typer.Option(help='TOML file: train = ["0:40", 45], val = ..., test = ...'),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write.", show_default="DATA"),
    ] = None,
    overwrite: OverwriteFile = False,
    as_json: AsJson = False,
) -> None:
    """Split the episodes of a dataset file anew; training statistics follow.

    Without --output the file itself is replaced, in one piece.

    Example: koopcli split data.h5 --kfold 5 --fold 0 --output fold0.h5
    """
    from koopcli.cli import render
    from koopcli.data.resplit import resplit
    from koopcli.files import refuse_overwrite

    if kfold is not None and test_fraction is not None:
        raise ConfigError(
            "--kfold decides the size of the test split: no --test-fraction"
        )
    given: dict[str, Any] = {
        name: value
        for name, value in {
            "val_fraction": val_fraction,
            "test_fraction": test_fraction,
            "seed": seed,
            "by_source": by_source or None,
            "kfold": kfold,
            "fold": fold,
        }.items()
        if value is not None
    }
    if kfold is not None:
        given["test_fraction"] = 0.0
    if lists is not None and given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ConfigError(f"--lists decides alone; leave out {flags}")
    if output is not None:
        refuse_overwrite(output, overwrite=overwrite)
    target = data if output is None else output
    config = SplitConfig(**given)
    report = resplit(data, target, config, lists=lists, command=command_line())
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        document = {"schema": "koopcli.split/1", "output": str(target)}
        render.json_document(document | report.as_json())
        return
    rows = [
        [name, str(count), str(report.steps[name])]
        for name, count in report.episodes.items()
    ]
    render.table(str(target), ["split", "episodes", "steps"], rows)
