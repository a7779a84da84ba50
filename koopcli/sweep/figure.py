"""The picture of a sweep: best error over trials, and error against each setting."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from koopcli import plots
from koopcli.sweep.results import Sweep, Trial
from koopcli.sweep.space import Parameter

COLUMNS = 3
DECADES = 1.5
"""Powers of ten of a logarithmic setting from which its axis is labelled by these."""
SPREAD = 4.0
"""Ratio of the largest to the smallest error from which the axis is logarithmic."""
CEILING = 10.0
"""Errors above so many times the best are drawn at the upper edge."""
FAILED = ("diverged", "refused", "failed")


def draw(path: Path, sweep: Sweep) -> None:
    """Draw errors of finished trials (dots) and last ones of pruned trials (rings).

    Failed trials are crosses at the upper edge. What is far above the best error is
    drawn there too: the axis is for telling good trials apart.

    Args:
        path: Where to; the suffix chooses PNG or SVG.
        sweep: What to draw.

    Raises:
        ConfigError: The suffix is unknown.
    """
    plots.check_format(path)
    space = sweep.plan.space
    count = 1 + len(space)
    across = 2 if count in (2, 4) else COLUMNS
    down = -(-count // across)
    figure = plots.make_figure((4.1 * across, 3.4 * down + 0.4))
    panels = list(figure.subplots(down, across, sharey=True, squeeze=False).flat)
    top = _scale(panels[0], sweep.trials)
    _history(panels[0], sweep.trials, top)
    for axes, parameter in zip(panels[1:], space, strict=False):
        _against(axes, parameter, sweep.trials, top)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, which="major", color="0.92")
        axes.set_axisbelow(True)
    for axes in panels[count:]:
        axes.set_visible(False)
    for axes in panels[::across]:
        axes.set_ylabel(f"validation NRMSE over {sweep.plan.horizon} steps")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False
    )
    plots.save(figure, path)


def _scale(axes: Any, trials: Sequence[Trial]) -> float:
    known = [trial.error for trial in trials if trial.error]
    if not known:
        known = [e for t in trials if (e := t.last_error) and math.isfinite(e)] or [1.0]
    low = min(known)
    high = min(max(known), CEILING * low)
    if high > SPREAD * low:
        axes.set_yscale("log")
        plots.plain_ticks(axes.yaxis)
        top = high * 1.3
        axes.set_ylim(low / 1.15, top * 1.06)
        return top
    margin = max(high - low, 0.02 * low)
    top = high + 0.25 * margin
    axes.set_ylim(low - 0.1 * margin, top + 0.06 * margin)
    return top


def _history(axes: Any, trials: Sequence[Trial], top: float) -> None:
    ordered = sorted(trials, key=lambda trial: trial.number)
    _dots(axes, [(trial.number, trial) for trial in ordered], top)
    finished = [trial for trial in ordered if trial.error is not None]
    best, lowest = [], math.inf
    for trial in finished:
        lowest = min(lowest, trial.error or math.inf)
        best.append(lowest)
    if finished:
        numbers = [trial.number for trial in finished]
        axes.step(
            [*numbers, ordered[-1].number], [*best, best[-1]], where="post",
            color="0.25", linewidth=1.4, label="best so far", zorder=2,
        )  # fmt: skip
    axes.set_xlabel("trial")
    axes.xaxis.get_major_locator().set_params(integer=True)


def _against(
    axes: Any, parameter: Parameter, trials: Sequence[Trial], top: float
) -> None:
    chosen = [trial for trial in trials if parameter.name in trial.settings]
    if parameter.choices:
        names = [_text(value) for value in parameter.choices]
        places = [
            (names.index(_text(trial.settings[parameter.name])), trial)
            for trial in chosen
        ]
        turned = 30 if sum(map(len, names)) > 30 else 0
        axes.set_xticks(
            range(len(names)),
            names,
            rotation=turned,
            ha="right" if turned else "center",
        )
        axes.set_xlim(-0.5, len(names) - 0.5)
    else:
        places = [(trial.settings[parameter.name], trial) for trial in chosen]
        _range(axes, parameter)
    _dots(axes, places, top)
    axes.set_xlabel(parameter.name)


def _range(axes: Any, parameter: Parameter) -> None:
    low, high = parameter.low, parameter.high
    if not parameter.log:
        margin = 0.05 * (high - low)
        axes.set_xlim(low - margin, high + margin)
        axes.xaxis.get_major_locator().set_params(integer=parameter.whole)
        return
    margin = (high / low) ** 0.05
    axes.set_xscale("log")
    axes.set_xlim(low / margin, high * margin)
    if math.log10(high / low) < DECADES:
        plots.plain_ticks(axes.xaxis)


def _dots(axes: Any, places: Sequence[tuple[int | float, Trial]], top: float) -> None:
    looks = {
        "finished": {"color": plots.COLOURS[0], "marker": "o", "s": 24},
        "pruned": {
            "facecolors": "none",
            "edgecolors": plots.COLOURS[1],
            "marker": "o",
            "s": 24,
        },
        "failed": {"color": plots.COLOURS[3], "marker": "x", "s": 26},
    }
    for label, look in looks.items():
        shown = [
            (place, min(_height(trial, top), top))
            for place, trial in places
            if trial.status == label or (label == "failed" and trial.status in FAILED)
        ]
        if shown:
            across, up = zip(*shown, strict=True)
            axes.scatter(across, up, label=label, linewidths=1.2, zorder=3, **look)


def _height(trial: Trial, top: float) -> float:
    height = trial.error if trial.error is not None else trial.last_error
    failed = trial.status in FAILED or height is None or not math.isfinite(height)
    return top if failed else float(height or 0.0)


def _text(value: Any) -> str:
    return "none" if value is None else str(value)
