"""Eigenvalues in their two planes: λ in the unit disc, s = log(λ) / dt in the left half.

With data, colour is the held-out residual and a thick ring means verified; and there is
the pseudospectrum. Checkpoints and other runs are drawn into one disc.
"""

from pathlib import Path
from typing import Any

import numpy as np

from koopcli import plots
from koopcli.spectrum import modal
from koopcli.spectrum.inspect import Inspection
from koopcli.spectrum.matching import mirror
from koopcli.spectrum.modes import TOLERANCE

BINS = 24
"""Of the density, across the unit circle."""


def disc(inspection: Inspection, path: Path) -> None:
    """Draw λ against the unit circle, over the density of the modes."""
    figure = plots.make_figure((6.4, 5.4))
    axes = figure.subplots()
    values = inspection.modal.eigenvalues
    angle = np.linspace(0, 2 * np.pi, 361)
    reach = 1.08 * max(1.0, float(np.abs(values).max()))
    edges = np.linspace(-reach, reach, BINS + 1)
    count, _, _ = np.histogram2d(values.real, values.imag, bins=(edges, edges))
    shade = np.ma.masked_equal(count.T, 0)
    axes.pcolormesh(edges, edges, shade, cmap="Greys", vmin=0, alpha=0.8,
                    vmax=1.6 * max(1, count.max()), linewidth=0)  # fmt: skip
    axes.plot(np.cos(angle), np.sin(angle), color="0.4", linewidth=1.0)
    _points(figure, axes, values, inspection)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel="Re λ", ylabel="Im λ")
    axes.set_title("Eigenvalues per step", loc="left")
    plots.save(figure, path)


def s_plane(inspection: Inspection, path: Path) -> None:
    """Draw growth rate against frequency."""
    figure = plots.make_figure((6.8, 4.6))
    axes = figure.subplots()
    values = inspection.modal.eigenvalues
    alive = np.maximum(np.abs(values), np.finfo(float).tiny)
    dt = inspection.summary.dt
    growth = np.log(alive) / dt
    frequency = np.abs(np.angle(values)) / (2 * np.pi * dt)
    axes.axvline(0, color="0.4", linewidth=1.0)
    axes.axhline(0.5 / dt, color="0.6", linewidth=0.8, linestyle=":")
    _points(figure, axes, growth + 1j * frequency, inspection)
    known = inspection.summary.dt_known
    axes.set_xlabel("growth rate, 1/s" if known else "growth rate, 1/step")
    axes.set_ylabel("frequency, Hz" if known else "cycles per step")
    axes.set_title("Modes in continuous time (dotted: Nyquist)", loc="left")
    axes.grid(True, color="0.93")
    axes.set_axisbelow(True)
    # A few modes that die at once would squeeze all others: they sit on the edge.
    edge = float(np.quantile(growth, 0.02))
    axes.set_xlim(left=min(edge, -1e-3 / dt) * 1.15)
    plots.save(figure, path)


def pseudospectrum(inspection: Inspection, path: Path) -> None:
    """Draw τ over the upper half of the disc."""
    assert inspection.verification is not None
    found = inspection.verification.pseudospectrum
    figure = plots.make_figure((6.6, 4.0))
    axes = figure.subplots()
    tau = np.log10(np.maximum(found.tau, 1e-4))
    low, high = np.floor(4 * tau.min()) / 4, np.ceil(4 * tau.max()) / 4
    levels = np.linspace(low, high, round((high - low) * 4) + 1)
    filled = axes.contourf(found.real, found.imag, tau, levels, cmap="cividis")
    angle = np.linspace(0, np.pi, 181)
    axes.plot(np.cos(angle), np.sin(angle), color="white", linewidth=1.0)
    upper = mirror(inspection.modal.eigenvalues)
    axes.plot(upper.real, upper.imag, "o", color="white", markersize=3.5,
              markeredgecolor="black", markeredgewidth=0.5)  # fmt: skip
    axes.set(aspect="equal", xlabel="Re z", ylabel="Im z", ylim=(0, found.imag[-1]))
    axes.set_title("Pseudospectrum of the latents, and the modes", loc="left")
    figure.colorbar(filled, ax=axes, label="log₁₀ τ(z)", shrink=0.7)
    plots.save(figure, path)


def training(inspection: Inspection, path: Path) -> None:
    """Draw the way of each mode through the disc from checkpoint to checkpoint."""
    found = inspection.history
    assert found is not None
    figure = plots.make_figure((6.0, 4.2))
    axes = figure.subplots()
    angle = np.linspace(0, np.pi, 181)
    axes.plot(np.cos(angle), np.sin(angle), color="0.4", linewidth=1.0)
    upper = mirror(found.eigenvalues.ravel()).reshape(found.eigenvalues.shape)
    axes.plot(upper.real, upper.imag, color="0.6", linewidth=0.7)
    axes.plot(upper[0].real, upper[0].imag, "o", fillstyle="none", markersize=4,
              color=plots.COLOURS[1], label=f"step {found.steps[0]}")  # fmt: skip
    axes.plot(upper[-1].real, upper[-1].imag, "o", markersize=4,
              color=plots.COLOURS[0], label=f"step {found.steps[-1]}")  # fmt: skip
    axes.set(aspect="equal", xlabel="Re λ", ylabel="|Im λ|")
    axes.set_title("Eigenvalues over training", loc="left")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    plots.save(figure, path)


def runs(inspection: Inspection, path: Path) -> None:
    """Draw the spectra of all compared runs in one disc."""
    figure = plots.make_figure((6.4, 4.6))
    axes = figure.subplots()
    angle = np.linspace(0, np.pi, 181)
    axes.plot(np.cos(angle), np.sin(angle), color="0.4", linewidth=1.0)
    spectra = {inspection.run: inspection.modal.eigenvalues}
    for match in inspection.matches:
        spectra[match.b] = modal.load(Path(match.b)).eigenvalues
    for number, (name, values) in enumerate(spectra.items()):
        upper = mirror(values)
        axes.plot(
            upper.real, upper.imag, "osD^vP"[number % 6], fillstyle="none",
            color=plots.COLOURS[number % len(plots.COLOURS)], markersize=5, label=name,
        )  # fmt: skip
    axes.set(aspect="equal", xlabel="Re λ", ylabel="|Im λ|")
    axes.set_title("Eigenvalues of several runs", loc="left")
    figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=8)
    plots.save(figure, path)


def _points(figure: Any, axes: Any, places: np.ndarray, inspection: Inspection) -> None:
    held = inspection.verification
    outside = np.abs(inspection.modal.eigenvalues) > 1 + TOLERANCE
    sure = np.zeros(len(places), bool) if held is None else held.residuals.verified
    groups = (
        (~outside & ~sure, "o", 34, 0.5, "|λ| ≤ 1" if held is None else "not verified"),
        (~outside & sure, "o", 60, 1.8, "verified"),
        (outside & ~sure, "X", 70, 0.5, "|λ| > 1"),
        (outside & sure, "X", 90, 1.6, "|λ| > 1, verified"),
    )
    drawn, least = None, -1.0
    if held is not None:
        # The scale begins at the power of ten below the best mode, at most at 0.001.
        best = np.clip(held.residuals.residual.min(), 1e-3, 0.1)
        least = float(np.floor(np.log10(best)))
    for chosen, marker, size, ring, label in groups:
        if not chosen.any():
            continue
        look: dict[str, Any] = {"color": plots.COLOURS[1 if marker == "X" else 0]}
        if held is not None:
            residual = np.clip(held.residuals.residual[chosen], 10**least, 1.0)
            look = {"c": np.log10(residual), "cmap": "cividis", "vmin": least}
            look["vmax"] = 0
        drawn = axes.scatter(
            places.real[chosen], places.imag[chosen], marker=marker, s=size, zorder=3,
            edgecolors="black", linewidths=ring, label=f"{label}: {chosen.sum()}", **look,
        )  # fmt: skip
    if held is not None and drawn is not None:
        bar = figure.colorbar(drawn, ax=axes, shrink=0.8, label="held-out residual")
        ticks = list(range(int(least), 1))
        labels = [f"{10.0**tick:g}" for tick in ticks]
        bar.set_ticks(ticks, labels=[f"≤ {labels[0]}", *labels[1:-1], "≥ 1"])
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
