"""The pictures of an evaluation, each as PNG and SVG."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from koopcli import plots
from koopcli.errors import ConfigError
from koopcli.evaluate import rollout_figure
from koopcli.evaluate.naming import label, short_labels
from koopcli.evaluate.report import OBSERVATIONS, RETURNS, REWARDS, EvalReport

NAMES = (
    "error_over_horizon",
    "dimensions",
    "histogram",
    "reencoding",
    "rollout_typical",
    "rollout_worst",
)
FILES = tuple(name + suffix for name in NAMES for suffix in plots.FORMATS)
SHOWN = 6
"""Dimensions of a rollout that are drawn unless others are asked for."""
BINS = 30
"""Of the histogram."""
SMALLEST = 1e-6
"""NRMSE below this is drawn as this: a logarithm has no zero."""


def draw(report: EvalReport, folder: Path, dims: Sequence[str] = ()) -> None:
    """Draw all pictures that there is something for.

    Raises:
        ConfigError: `dims` names what is no dimension.
    """
    names = dimensions(report)
    shown, short = columns(names, dims), labels(report)
    for suffix in plots.FORMATS:
        plots.error_over_horizon(
            folder / f"error_over_horizon{suffix}",
            {short[curve.label]: curve.nrmse for curve in report.curves},
            report.protocol.horizons,
            bands={
                short[curve.label]: (curve.low, curve.high)
                for curve in report.curves
                if curve.low is not None and curve.high is not None
            },
        )
        heat_map(report, folder / f"dimensions{suffix}")
        histogram(report, folder / f"histogram{suffix}")
        if report.more.get("reencoding"):
            reencoding(report, folder / f"reencoding{suffix}")
        for example in report.examples:
            rollout_figure.draw(
                folder / f"rollout_{example.name}{suffix}",
                replace(
                    example,
                    predicted={short[r]: v for r, v in example.predicted.items()},
                ),
                {index: names[index] for index in shown},
                {short[run]: every for run, every in marks(report).items()},
            )


def dimensions(report: EvalReport) -> list[str]:
    """Return the names of the dimensions, in order."""
    reserved = (OBSERVATIONS, REWARDS, RETURNS)
    names = dict.fromkeys(row.quantity for row in report.rows)
    return [name for name in names if name not in reserved]


def columns(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return the places of the dimensions to draw.

    Raises:
        ConfigError: One is unknown.
    """
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ConfigError(
            f"--plot-dims {unknown[0]!r}: the dimensions are {', '.join(names)}"
        )
    if wanted:
        return [names.index(name) for name in wanted]
    return list(range(min(SHOWN, len(names))))


def labels(report: EvalReport) -> dict[str, str]:
    """Return the short name of every model by its label."""
    return short_labels([(s.run, s.model) for s in report.summaries])


def marks(report: EvalReport) -> dict[str, int]:
    """Return the steps between re-encodings of each run, by its label."""
    every = report.protocol.reencode_every
    return {
        label(s.run, s.model): every.get(s.run, 0)
        for s in report.summaries
        if s.run is not None
    }


def heat_map(report: EvalReport, path: Path) -> None:
    """Draw the NRMSE of every model in every dimension at the largest horizon."""
    from matplotlib.colors import LogNorm

    names, horizon = dimensions(report), report.protocol.horizons[-1]
    who = [(s.run, s.model) for s in report.summaries]
    values = np.full((len(who), len(names)), np.nan)
    for row in report.rows:
        if row.horizon == horizon and row.quantity in names:
            place = who.index((row.run, row.model)), names.index(row.quantity)
            values[place] = row.nrmse
    shown = np.where(np.isfinite(values), np.clip(values, SMALLEST, 1e3), np.nan)
    size = (max(6.0, 0.55 * len(names) + 3.6), 0.42 * len(who) + 2.0)
    figure = plots.make_figure(size)
    axes = figure.add_subplot()
    if not np.isfinite(shown).any():
        shown = np.ones_like(shown)
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    norm = LogNorm(low / 1.1, high * 1.1)
    image = axes.imshow(shown, cmap="cividis", norm=norm, aspect="auto")
    for place in np.ndindex(values.shape):
        dark = np.isfinite(shown[place]) and norm(shown[place]) < 0.55
        axes.text(
            place[1], place[0], _short(values[place]), ha="center", va="center",
            fontsize=7, color="white" if dark else "black",
        )  # fmt: skip
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(
        range(len(who)), [labels(report)[label(*each)] for each in who], fontsize=8
    )
    axes.set_title(f"NRMSE by dimension, {horizon} steps ahead", loc="left")
    bar = figure.colorbar(image, ax=axes, label="NRMSE", pad=0.01)
    plots.plain_ticks(bar.ax.yaxis)
    plots.save(figure, path)


def histogram(report: EvalReport, path: Path) -> None:
    """Draw how the error of single starts is spread at the largest horizon."""
    figure = plots.make_figure((7.0, 4.2))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    known = {
        name: several[~np.isnan(several)] for name, several in report.spread.items()
    }
    finite = np.concatenate([v[np.isfinite(v)] for v in known.values()] or [np.ones(1)])
    finite = np.clip(finite if len(finite) else np.ones(1), SMALLEST, None)
    # Up to the far tail: a few rollouts that exploded would flatten all others.
    ends = np.quantile(finite, [0.0, 0.999]).astype(np.float64)
    edges = np.geomspace(ends[0] / 1.05, ends[1] * 1.05, BINS + 1)
    for number, (name, several) in enumerate(known.items()):
        clipped = np.clip(several, edges[0], edges[-1])
        counts, _ = np.histogram(clipped, edges)
        axes.stairs(
            counts / max(1, len(several)), edges, linewidth=1.6, label=labels(report)[name],
            color=plots.COLOURS[number % len(plots.COLOURS)],
            linestyle=plots.STYLES[number % len(plots.STYLES)],
        )  # fmt: skip
    horizon = report.protocol.horizons[-1]
    axes.set(xscale="log", xlabel=f"NRMSE of a start, {horizon} steps ahead")
    axes.set_ylabel("share of the starts")
    axes.set_title("Spread of the error over starts", loc="left")
    plots.plain_ticks(axes.xaxis)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    plots.save(figure, path)


def reencoding(report: EvalReport, path: Path) -> None:
    """Draw the mean NMSE against the steps between re-encodings; the best is ringed."""
    rows = report.more["reencoding"]
    order = sorted({row["reencode_every"] for row in rows}, key=lambda k: (k == 0, k))
    figure = plots.make_figure((6.4, 4.0))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    for number, run in enumerate(dict.fromkeys(row["run"] for row in rows)):
        mine = sorted(
            (row for row in rows if row["run"] == run),
            key=lambda row: order.index(row["reencode_every"]),
        )
        place = [order.index(row["reencode_every"]) for row in mine]
        error = [_drawn(row["mean_nmse"]) for row in mine]
        low = [_drawn(row["interval"]["mean_nmse"][0]) for row in mine]
        high = [_drawn(row["interval"]["mean_nmse"][1]) for row in mine]
        look = {"color": plots.COLOURS[number % len(plots.COLOURS)]}
        style = plots.STYLES[number % len(plots.STYLES)]
        name = labels(report)[label(run, mine[0]["model"])]
        axes.plot(place, error, linestyle=style, marker="o", label=name, **look)
        axes.fill_between(place, low, high, alpha=0.15, linewidth=0, **look)
        best = [at for at, row in enumerate(mine) if row["best"]]
        axes.plot([place[at] for at in best], [error[at] for at in best], "o",
                  markersize=13, markerfacecolor="none", **look)  # fmt: skip
    axes.set_xticks(range(len(order)), [str(k) if k else "never" for k in order])
    axes.set(yscale="log", xlabel="steps between re-encodings (ring: best)")
    axes.set_ylabel(f"mean NMSE, steps 1 to {report.protocol.horizons[-1]}")
    axes.set_title("Error against re-encoding", loc="left")
    plots.plain_ticks(axes.yaxis)
    axes.grid(True, color="0.92")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    plots.save(figure, path)


def _drawn(value: float) -> float:
    return max(value, SMALLEST) if np.isfinite(value) else np.nan


def _short(value: float) -> str:
    return f"{value:.2g}" if np.isfinite(value) else "-"
