"""The tables of `inspect-eigenvalues`."""

import math
from dataclasses import asdict
from typing import Any

COLUMNS = (
    "index", "λ", "|λ|", "growth 1/s", "Hz", "damping", "half-life s", "class",
)  # fmt: skip
WITH_DATA = ("residual", "interval", "verified", "energy", "input gain", "output")
FLOW_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def show(found: Any, top: int | None) -> None:
    """Print everything that an `Inspection` holds, for people."""
    from koopcli.cli import render

    shown = found.top(top).modes
    held = found.verification
    title = f"{len(shown)} of {len(found.modes)} modes"
    columns = [*COLUMNS, *(WITH_DATA if held else ())]
    render.table(title, columns, [_cells(mode, held) for mode in shown])
    summary = asdict(found.summary)
    rows = [[name.replace("_", " "), _text(value)] for name, value in summary.items()]
    render.table("Summary", ["what", "value"], rows)
    if held is not None:
        _latents(held)
        _growth(held.growth)
    if found.flow is not None:
        _flow(found.flow)
    _matches(found)
    if held is not None:
        render.text(f"Verdict: {held.statement()}.")
    render.text(f"Bound: {found.bound.statement()}.")
    render.text(f"Scope: {found.scope()}.")
    if any(mode.nyquist for mode in shown):
        render.remark("* phase within 1 % of π: the frequency may be an alias")
    if any(mode.wrapped for mode in shown):
        render.remark("~ the model's own phase is beyond π: the frequency is an alias")
    if any(mode.slow and mode.stability == "stable" for mode in shown):
        render.remark(
            "> decays over more than 10 training windows: hardly seen to decay"
        )


def _cells(mode: Any, held: Any) -> list[str]:
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


def _latents(held: Any) -> None:
    from koopcli.cli import render

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
        low, middle, high = sorted(values)[0], _median(values), max(values)
        what = f"residual {lag} steps ahead: least, median, largest"
        rows.append([what, f"{low:.3g}, {middle:.3g}, {high:.3g}"])
    render.table("Latents on held-out data", ["what", "value"], rows)


def _growth(growth: Any) -> None:
    from koopcli.cli import render

    rows = [
        [str(k), *(f"{part[k - 1]:.4g}" for part in _parts(growth))]
        for k in _steps(range(1, len(growth.state) + 1))
    ]
    columns = ["steps", "start changed", "actions changed", "bfloat16"]
    render.table("Growth of small changes, standard deviations", columns, rows)


def _parts(growth: Any) -> tuple[Any, Any, Any]:
    return growth.state, growth.action, growth.precision


def _flow(flow: Any) -> None:
    from koopcli.cli import render

    gains = {
        "∂ŝ[k]/∂s[0]": flow.state_gain,
        f"re-encoding every {flow.reencode_every}": flow.rollout_gain,
        "bend": flow.bend,
    }
    gains = {name: values for name, values in gains.items() if values is not None}
    rows = []
    for k in _steps(flow.steps):
        place = flow.steps.index(k)
        row = flow.predicted[place]
        cells = [min(row), _median(row), max(row), _median(flow.measured[place])]
        cells += [values[place] for values in gains.values()]
        rows.append([str(k), *(f"{value:.4g}" for value in cells)])
    columns = ["k", "least |λ|^k", "median", "largest", "autodiff median", *gains]
    title = f"Gradient flow (largest difference to autodiff: {flow.worst:.1e})"
    render.table(title, columns, rows)


def _matches(found: Any) -> None:
    from koopcli.cli import render

    rows = [
        [
            match.b, kind, f"{match.hausdorff:.4f}", f"{match.median:.4f}",
            f"{100 * match.common:.0f} % of {match.matched}",
            f"{100 * match.by_chance:.0f} %",
        ]
        for kind, matches in (
            ("all", found.matches), ("verified", found.verified_matches),
        )
        for match in matches
    ]  # fmt: skip
    if rows:
        columns = [
            "other run",
            "modes",
            "Hausdorff",
            "median",
            "in common",
            "by chance",
        ]
        render.table(f"Spectrum of {found.run} against", columns, rows)
    if found.history is not None:
        past = found.history
        lines = [
            [str(step), f"{abs(values).max():.6f}", f"{far:.4f}", f"{moved:.4f}"]
            for step, values, far, moved in zip(
                past.steps, past.eigenvalues, past.hausdorff, past.moved, strict=True
            )
        ]
        columns = ["step", "spectral radius", "Hausdorff to last", "median to last"]
        render.table("Over training", columns, lines)


def _steps(known: Any) -> list[int]:
    return sorted({k for k in FLOW_STEPS if k in known} | {max(known)})


def _median(values: Any) -> float:
    ranked = sorted(values)
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "-"
    return str(value)
