"""`koopcli inspect-eigenvalues`: what a trained model has learnt about time."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.errors import GateError

COLUMNS = (
    "index", "λ", "|λ|", "growth 1/s", "Hz", "damping", "half-life s", "class",
)  # fmt: skip


def inspect_eigenvalues(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Run folder or model file.")
    ],
    top: Annotated[
        int | None,
        typer.Option(min=1, help="Show only the slowest K modes.", metavar="K"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Unit-disc picture to write (.png or .svg).")
    ] = None,
    fail_if_unstable: Annotated[
        bool,
        typer.Option("--fail-if-unstable", help="Exit with 6 if some |λ| exceeds 1."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the picture.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """List each mode with its modulus, frequency, damping and half-life."""
    from koopcli import plots
    from koopcli.cli import render
    from koopcli.evaluate.spectrum import inspect
    from koopcli.files import refuse_overwrite

    if plot is not None:
        plots.check_format(plot)
        refuse_overwrite(plot, overwrite=overwrite)
    spectrum = inspect(run)
    if plot is not None:
        plots.unit_disc(plot, spectrum.eigenvalues())
        render.remark(f"wrote {plot}")
    for warning in spectrum.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(spectrum.top(top).document())
    else:
        _print(spectrum, top)
    if fail_if_unstable and not spectrum.summary.stable:
        raise GateError(
            f"{run}: {spectrum.summary.unstable_modes} unstable modes, spectral radius "
            f"{spectrum.summary.spectral_radius:.7g}; train with --stability strict"
        )


def _print(spectrum: Any, top: int | None) -> None:
    from dataclasses import asdict

    from koopcli.cli import render

    modes = spectrum.top(top).modes
    title = f"Slowest {len(modes)} of {len(spectrum.modes)} modes"
    render.table(title, list(COLUMNS), [_cells(mode) for mode in modes])
    summary = asdict(spectrum.summary)
    rows = [[name.replace("_", " "), _text(value)] for name, value in summary.items()]
    render.table("Summary", ["what", "value"], rows)
    if any(mode.nyquist for mode in modes):
        render.remark("* phase within 1 % of π: the frequency may be an alias")


def _cells(mode: Any) -> list[str]:
    numbers = (
        mode.growth_rate, mode.frequency_hz, mode.damping_ratio, mode.half_life_s,
    )  # fmt: skip
    return [
        str(mode.index),
        f"{mode.real:+.5f}{mode.imag:+.5f}i",
        f"{mode.modulus:.6f}",
        *(_text(number) for number in numbers),
        mode.stability + (" *" if mode.nyquist else ""),
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "-"
    return str(value)
