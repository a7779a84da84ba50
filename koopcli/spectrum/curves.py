"""Curves of a spectrum: gradients, residuals, growth of changes, frequency response."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import plots
from koopcli.spectrum import frequency_response
from koopcli.spectrum.inspect import Inspection

RESPONSES = 4
"""Observations, and actions, that fit in a Bode picture: those with the largest gains."""


def gradient_flow(inspection: Inspection, path: Path) -> None:
    """Draw predicted against measured factors over the number of steps."""
    flow = inspection.flow
    assert flow is not None
    figure = plots.make_figure((7.0, 4.4))
    axes = figure.subplots()
    low, middle, high = np.quantile(flow.predicted, [0.1, 0.5, 0.9], axis=1)
    steps = flow.steps
    axes.fill_between(
        steps, low, high, color=plots.COLOURS[0], alpha=0.18, linewidth=0,
        label="|λ|ᵏ, 10–90 % of modes",
    )  # fmt: skip
    axes.plot(steps, middle, color=plots.COLOURS[0], label="|λ|ᵏ, median mode")
    measured = np.median(flow.measured, axis=1)
    axes.plot(
        steps, measured, "o", color=plots.COLOURS[1], markersize=4, fillstyle="none",
        label="autodiff, median mode", markevery=max(1, len(steps) // 20),
    )  # fmt: skip
    if flow.state_gain is not None:
        axes.plot(
            steps, flow.state_gain, "--", color=plots.COLOURS[2],
            label="∂ŝ[k]/∂s[0], one linear stretch",
        )  # fmt: skip
    if flow.rollout_gain is not None:
        axes.plot(
            steps, flow.rollout_gain, "-.", color=plots.COLOURS[3],
            label=f"∂ŝ[k]/∂s[0], re-encoding every {flow.reencode_every}",
        )  # fmt: skip
    _log_axes(axes, "steps k", "factor")
    axes.set_title("Gradients through k steps", loc="left")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    plots.save(figure, path)


def residual_lags(inspection: Inspection, path: Path) -> None:
    """Draw the residuals of all modes over the number of steps."""
    assert inspection.verification is not None
    held = inspection.verification
    figure = plots.make_figure((7.0, 4.2))
    axes = figure.subplots()
    floor = 1e-8
    values = np.maximum(held.residuals.by_lag, floor)
    for index in range(values.shape[1]):
        sure = held.residuals.verified[index]
        axes.plot(
            held.residuals.lags, values[:, index], linewidth=1.4 if sure else 0.6,
            color=plots.COLOURS[0] if sure else "0.65", zorder=2 if sure else 1,
        )  # fmt: skip
    axes.axhline(held.config.tolerance, color=plots.COLOURS[1], linestyle="--")
    handles = [
        axes.plot([], [], color=colour, linestyle=style, label=label)[0]
        for colour, style, label in (
            (plots.COLOURS[0], "-", f"verified: {len(held.verified)}"),
            ("0.65", "-", f"not verified: {values.shape[1] - len(held.verified)}"),
            (plots.COLOURS[1], "--", f"tolerance {held.config.tolerance:g}"),
        )
    ]
    _log_axes(axes, "steps ahead", "residual (1 = the mode's mean)")
    axes.set_title("Held-out residual of each mode", loc="left")
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    plots.save(figure, path)


def growth(inspection: Inspection, path: Path) -> None:
    """Draw what becomes of small changes of the start, the actions and the precision."""
    assert inspection.verification is not None
    found = inspection.verification.growth
    figure = plots.make_figure((7.0, 4.2))
    axes = figure.subplots()
    steps = np.arange(1, len(found.state) + 1)
    for number, (label, values) in enumerate(
        {
            "start changed (per unit)": found.state,
            "actions changed (per unit)": found.action,
            "bfloat16 parameters": found.precision,
        }.items()
    ):
        axes.plot(
            steps, np.where(values > 0, values, np.nan), label=label, linewidth=1.6,
            color=plots.COLOURS[number], linestyle=plots.STYLES[number],
        )  # fmt: skip
    _log_axes(axes, "steps ahead", "distance, standard deviations")
    every = found.reencode_every
    how = f"re-encoding every {every}" if every else "no re-encoding"
    axes.set_title(f"Growth of small changes ({how})", loc="left")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    plots.save(figure, path)


def bode(inspection: Inspection, path: Path) -> None:
    """Draw the gain from each of the strongest actions to the strongest observations."""
    form = inspection.linear_form
    meta = inspection.modal.meta
    found = frequency_response.of(form, meta.dt)
    gain = np.abs(found.response)
    outputs = _strongest(gain.max(axis=(0, 2)) / np.array(meta.observation_scale))
    inputs = _strongest(gain.max(axis=(0, 1)))
    figure = plots.make_figure((2.1 * len(inputs) + 1.6, 5.6))
    grid = figure.subplots(2, len(inputs), sharex=True, sharey="row", squeeze=False)
    for column, action in enumerate(inputs):
        for number, output in enumerate(outputs):
            look = {
                "color": plots.COLOURS[number],
                "linestyle": plots.STYLES[number],
                "label": meta.observation_names[output],
            }
            response = found.response[:, output, action]
            grid[0, column].loglog(found.frequency_hz, np.abs(response), **look)
            phase = np.degrees(np.unwrap(np.angle(response)))
            grid[1, column].semilogx(found.frequency_hz, phase, **look)
        grid[0, column].set_title(f"from {meta.action_names[action]}", fontsize=9)
        for row in (0, 1):
            grid[row, column].grid(True, color="0.92")
        what = "frequency, Hz" if meta.dt_known else "cycles per step"
        grid[1, column].set_xlabel(what)
    grid[0, 0].set_ylabel("gain")
    grid[1, 0].set_ylabel("phase, degrees")
    what = (
        "exact" if form.exact.input and form.exact.output else "linearised at the mean"
    )
    figure.suptitle(f"Frequency response ({what})", x=0.01, ha="left", fontsize=12)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(outputs), frameon=False
    )
    plots.save(figure, path)


def _strongest(gain: np.ndarray) -> Sequence[int]:
    return sorted(np.argsort(-gain, kind="stable")[:RESPONSES].tolist())


def _log_axes(axes: Any, x: str, y: str) -> None:
    axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    plots.plain_ticks(axes.xaxis)
    axes.grid(True, which="major", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
