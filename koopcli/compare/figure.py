"""The picture of a comparison: error against steps ahead, states and rewards."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from koopcli import plots
from koopcli.compare.layout import TITLES
from koopcli.compare.scores import Comparison, Group
from koopcli.config.choices import ModelKind
from koopcli.evaluate.report import OBSERVATIONS, REWARDS

CEILING = 10.0
"""NRMSE above which nothing is shown: by then the prediction is lost."""
DECADE = 10.0


def draw(path: Path, comparison: Comparison) -> None:
    """Draw the mean NRMSE of each model, and between which values its seeds lie.

    A model keeps its colour from picture to picture. Baselines are thin and grey, and
    may leave the picture: the axis fits the models.

    Args:
        path: Where to; the suffix chooses PNG or SVG.
        comparison: What to draw.

    Raises:
        ConfigError: The suffix is unknown.
    """
    plots.check_format(path)
    quantities = [
        quantity
        for quantity in (OBSERVATIONS, REWARDS)
        if any(measure.quantity == quantity for measure in comparison.measures)
    ]
    figure = plots.make_figure((5.2 * len(quantities), 4.3))
    panels = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axes, quantity in zip(panels, quantities, strict=True):
        shown = [_draw_group(axes, group, quantity) for group in comparison.groups]
        _scale(axes, [values for values in shown if values is not None])
        axes.set_xlabel("steps ahead")
        axes.set_title(TITLES[quantity], loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, which="major", color="0.92")
    if any(len(group.finished) > 1 for group in comparison.groups):
        panels[-1].set_title(
            "bands: lowest to highest seed", loc="right", fontsize=8, color="0.4"
        )
    panels[0].set_ylabel("NRMSE (1 = training standard deviation)")
    handles, labels = panels[0].get_legend_handles_labels()
    rows = -(-len(labels) // (4 * len(quantities)))
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=-(-len(labels) // rows),
        frameon=False,
    )
    plots.save(figure, path)


def _draw_group(
    axes: Any, group: Group, quantity: str
) -> Float[np.ndarray, "runs time"] | None:
    # Returns what the axis must show; baselines ask for nothing.
    curves = [s.curves[quantity] for s in group.scores if quantity in s.curves]
    if not curves:
        return None
    values = np.where(np.isfinite(curves), curves, np.nan)
    steps = np.arange(1, values.shape[1] + 1)
    if group.model not in list(ModelKind):
        style = (0, (1, 1.5)) if group.model == "persistence" else (0, (5, 2))
        axes.plot(
            steps, values[0], color="0.55", linewidth=1, linestyle=style,
            label=group.model, zorder=1,
        )  # fmt: skip
        return None
    number = list(ModelKind).index(ModelKind(group.model))
    colour = plots.COLOURS[number % len(plots.COLOURS)]
    axes.plot(
        steps, values.mean(axis=0), color=colour, linewidth=1.8,
        linestyle=plots.STYLES[number % len(plots.STYLES)], label=group.model, zorder=3,
    )  # fmt: skip
    if len(values) > 1:
        axes.fill_between(
            steps, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.18,
            linewidth=0, zorder=2,
        )  # fmt: skip
    return values


def _scale(axes: Any, shown: list[np.ndarray]) -> None:
    values = np.concatenate([np.ravel(each) for each in shown]) if shown else np.ones(1)
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (values.min(), values.max()) if len(values) else (0.1, 1.0)
    high = max(min(high, CEILING), 1.5 * low)
    if high / low > DECADE:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.15, high * 1.15)
        plots.plain_ticks(axes.yaxis)
    else:
        axes.set_ylim(0, high * 1.08)
    axes.axhline(1.0, color="0.75", linewidth=0.8, zorder=0)
    axes.margins(x=0.01)
