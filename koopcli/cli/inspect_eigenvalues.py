"""`koopcli inspect-eigenvalues`: what a trained model has learnt about time."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.options import AsJson
from koopcli.config.choices import ModeOrder, Split
from koopcli.config.evaluation import InspectConfig
from koopcli.errors import ConfigError, GateError

DEFAULT = InspectConfig()


def inspect_eigenvalues(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Run folder or model file.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="Dataset to verify the modes on: held-out residuals."),
    ] = None,
    split: Annotated[Split, typer.Option(help="Episodes that judge the modes.")] = (
        DEFAULT.split
    ),
    tolerance: Annotated[
        float, typer.Option(help="Residual below which a mode is verified.")
    ] = DEFAULT.tolerance,
    compare_with: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN", help="Another run or seed to match; repeatable."),
    ] = None,
    sort: Annotated[
        ModeOrder, typer.Option(help="What comes first; energy, residual: with --data.")
    ] = ModeOrder.DECAY,
    top: Annotated[
        int | None,
        typer.Option(min=1, help="Show only the first K modes.", metavar="K"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Unit-disc picture to write (.png or .svg).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for JSON, CSV and all pictures."),
    ] = None,
    export_linear: Annotated[
        Path | None,
        typer.Option(help="Write the matrices for control design: .npz, .mat, .json."),
    ] = None,
    fail_if_unstable: Annotated[
        bool,
        typer.Option("--fail-if-unstable", help="Exit with 6 if some |λ| exceeds 1."),
    ] = False,
    max_radius: Annotated[
        float | None, typer.Option(help="Exit with 6 if some |λ| exceeds this.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is written.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List each mode with its modulus, frequency, damping and half-life.

    Example: koopcli inspect-eigenvalues runs/rig --data rig.h5 -o spectrum
    """
    from koopcli.cli import render
    from koopcli.spectrum import files
    from koopcli.spectrum.inspect import inspect

    config = InspectConfig(split=split, tolerance=tolerance)
    if max_radius is not None and not max_radius >= 0:
        raise ConfigError(f"--max-radius must be >= 0, got {max_radius:g}")
    if sort is not ModeOrder.DECAY and data is None:
        raise ConfigError(f"--sort {sort}: needs --data DATA")
    targets = files.Targets(plot=plot, folder=output, linear=export_linear)
    files.refuse(targets, overwrite=overwrite)
    found = inspect(run, data, config, others=compare_with or ()).sorted(sort)
    for line in files.write(found, targets, render.json_text(found.document())):
        render.remark(line)
    for warning in found.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(found.top(top).document())
    else:
        _print(found, top)
    _gates(found, fail_if_unstable, max_radius)


def _print(found: Any, top: int | None) -> None:
    from koopcli.cli import render
    from koopcli.spectrum import tables

    for title, columns, rows in tables.tables(found, top):
        render.table(title, list(columns), rows)
    for line in tables.statements(found):
        render.text(line)
    for line in tables.legend(found, top):
        render.remark(line)


def _gates(found: Any, fail_if_unstable: bool, max_radius: float | None) -> None:
    # Gates speak of the model: an unverified mode outside the circle grows all the same.
    summary = found.summary
    radius = f"spectral radius {summary.spectral_radius:.7g}"
    if fail_if_unstable and not summary.stable:
        raise GateError(
            f"{found.run}: {summary.unstable_modes} unstable modes, {radius}; train "
            "with --stability strict"
        )
    if max_radius is not None and not summary.spectral_radius <= max_radius:
        raise GateError(f"{found.run}: {radius} exceeds --max-radius {max_radius:g}")
