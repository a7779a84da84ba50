"""The tables of a spectrum for people, the same on a terminal and in a report."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from koopcli.evaluate.sections import Section
from koopcli.spectrum.gradient_flow import GradientFlow
from koopcli.spectrum.inspect import Inspection
from koopcli.spectrum.modes import Mode
from koopcli.spectrum.perturbation import Growth
from koopcli.spectrum.verification import Verification

COLUMNS = (
    "index", "λ", "|λ|", "growth 1/s", "Hz", "damping", "half-life s", "class",
)  # fmt: skip
WITH_DATA = ("residual", "interval", "verified", "energy", "input gain", "output")
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Of which those are shown that were measured, and the last."""


def tables(found: Inspection, top: int | None = None) -> list[Section]:
    """Return all tables that there is something for.

    Args:
        found: The spectrum.
        top: Modes to show; None: all.
    """
    held = found.verification
    everything = [modes(found, top), summary(found)]
    if held is not None:
        everything += [latents(held), growth(held.growth)]
    if found.flow is not None:
        everything.append(flow(found.flow))
    return everything + [
        table for table in (matches(found), training(found)) if table.rows
    ]


def statements(found: Inspection) -> list[str]:
    """Say in sentences what the tables add up to."""
    held = found.verification
    return [
        *([] if held is None else [f"Verdict: {held.statement()}."]),
        f"Bound: {found.bound.statement()}.",
        f"Scope: {found.scope()}.",
    ]


def legend(found: Inspection, top: int | None = None) -> list[str]:
    """Explain the marks beside the class of a mode, those that occur."""
    shown = found.top(top).modes
    said = {
        "* phase within 1 % of π: the frequency may be an alias": any(
            mode.nyquist for mode in shown
        ),
        "~ the model's own phase is beyond π: the frequency is an alias": any(
            mode.wrapped for mode in shown
        ),
        "> decays over more than 10 training windows: hardly seen to decay": any(
            mode.slow and mode.stability == "stable" for mode in shown
        ),
    }
    return [line for line, applies in said.items() if applies]


def modes(found: Inspection, top: int | None = None) -> Section:
    """Return one row per mode."""
    shown, held = found.top(top).modes, found.verification
    return Section(
        f"{len(shown)} of {len(found.modes)} modes",
        (*COLUMNS, *(WITH_DATA if held else ())),
        [_cells(mode, held) for mode in shown],
    )


def summary(found: Inspection) -> Section:
    """Return the numbers about all modes."""
    values = asdict(found.summary)
    rows = [[name.replace("_", " "), _text(value)] for name, value in values.items()]
    return Section("Summary", ("what", "value"), rows)


def latents(held: Verification) -> Section:
    """Return rank and entropy of the latents, and how residuals grow."""
    found = held.latents
    rows = [
        ["effective rank (exp of the entropy)", f"{found.effective_rank:.2f}"],
        ["entropy, nats", f"{found.entropy:.3f}"],
        ["participation ratio", f"{found.participation_ratio:.2f}"],
        ["directions with 99 % of the variance", str(found.rank_99)],
        ["dead modes", str(len(found.dead))],
        ["duplicate modes", str(len(found.duplicates))],
    ]
    for lag, values in zip(held.residuals.lags, held.residuals.by_lag, strict=True):
        low, middle, high = values.min(), np.median(values), values.max()
        what = f"residual {lag} steps ahead: least, median, largest"
        rows.append([what, f"{low:.3g}, {middle:.3g}, {high:.3g}"])
    return Section("Latents on held-out data", ("what", "value"), rows)


def growth(found: Growth) -> Section:
    """Return how small changes grow, step by step."""
    parts = (found.state, found.action, found.precision)
    rows = [
        [str(k), *(f"{part[k - 1]:.4g}" for part in parts)]
        for k in _steps(range(1, len(found.state) + 1))
    ]
    columns = ("steps", "start changed", "actions changed", "bfloat16")
    return Section("Growth of small changes, standard deviations", columns, rows)


def flow(found: GradientFlow) -> Section:
    """Return predicted and measured factors of gradients."""
    gains = {
        "∂ŝ[k]/∂s[0]": found.state_gain,
        f"re-encoding every {found.reencode_every}": found.rollout_gain,
        "bend": found.bend,
    }
    known = {name: values for name, values in gains.items() if values is not None}
    rows = []
    for k in _steps(found.steps):
        place = found.steps.index(k)
        row = found.predicted[place]
        cells = [row.min(), np.median(row), row.max(), np.median(found.measured[place])]
        cells += [values[place] for values in known.values()]
        rows.append([str(k), *(f"{value:.4g}" for value in cells)])
    columns = ("k", "least |λ|^k", "median", "largest", "autodiff median", *known)
    title = f"Gradient flow (largest difference to autodiff: {found.worst:.1e})"
    return Section(title, columns, rows)


def matches(found: Inspection) -> Section:
    """Return how much of the spectrum other runs have found too."""
    rows = [
        [
            match.b, kind, f"{match.hausdorff:.4f}", f"{match.median:.4f}",
            f"{100 * match.common:.0f} % of {match.matched}",
            f"{100 * match.by_chance:.0f} %",
        ]
        for kind, several in (
            ("all", found.matches), ("verified", found.verified_matches),
        )
        for match in several
    ]  # fmt: skip
    columns = ("other run", "modes", "Hausdorff", "median", "in common", "by chance")
    return Section(f"Spectrum of {found.run} against", columns, rows)


def training(found: Inspection) -> Section:
    """Return the spectrum at each checkpoint."""
    past, rows = found.history, []
    if past is not None:
        rows = [
            [str(step), f"{abs(values).max():.6f}", f"{far:.4f}", f"{moved:.4f}"]
            for step, values, far, moved in zip(
                past.steps, past.eigenvalues, past.hausdorff, past.moved, strict=True
            )
        ]
    columns = ("step", "spectral radius", "Hausdorff to last", "median to last")
    return Section("Over training", columns, rows)


def _cells(mode: Mode, held: Verification | None) -> list[str]:
    numbers = (
        mode.growth_rate, mode.frequency_hz, mode.damping_ratio, mode.half_life_s,
    )  # fmt: skip
    marks = [
        mark
        for mark, flag in (
            ("*", mode.nyquist),
            ("~", mode.wrapped),
            (">", mode.slow and mode.stability == "stable"),
        )
        if flag
    ]
    cells = [
        str(mode.index),
        f"{mode.real:+.5f}{mode.imag:+.5f}i",
        f"{mode.modulus:.6f}",
        *(_text(number) for number in numbers),
        " ".join([mode.stability, *marks]),
    ]
    if held is None:
        return cells
    one = held.of_mode(mode.index)
    return [
        *cells,
        _text(float(one["residual"])),
        f"{one['residual_low']:.3g} – {one['residual_high']:.3g}",
        "dead" if one["dead"] else _text(one["verified"]),
        *(
            _text(float(one[name]))
            for name in ("energy", "input_gain", "output_participation")
        ),
    ]


def _steps(known: Any) -> list[int]:
    return sorted({k for k in STEPS if k in known} | {max(known)})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "-"
    return str(value)
