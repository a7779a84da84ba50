"""The picture of a data map: mean of the saturated error against its variability."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from koopcli import plots


class Look(NamedTuple):
    """How windows of a kind are drawn; shape and size repeat what colour says."""

    colour: str
    marker: str
    size: float
    alpha: float


LOOKS = {
    "": Look("0.6", "o", 9, 0.6),
    "ambiguous": Look(plots.COLOURS[0], "^", 16, 0.8),
    "hard": Look(plots.COLOURS[4], "s", 15, 0.9),
    "suspicious": Look(plots.COLOURS[1], "X", 42, 1.0),
}
"""By kind, in the order in which they are drawn; a window is drawn as its last kind."""
NAMED = 6
"""Episodes with suspicious windows that are written into the picture."""


def draw(path: Path, windows: Sequence[Mapping[str, Any]]) -> None:
    """Draw one point per window.

    Raises:
        ConfigError: The suffix is unknown.
    """
    plots.check_format(path)
    figure = plots.make_figure((6.8, 5.2))
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color="0.92")
    axes.set_axisbelow(True)
    kinds = np.array([kind_of(row) for row in windows])
    places = np.array([(row["variability"], row["mean"]) for row in windows])
    for kind, look in LOOKS.items():
        mine = places[kinds == kind]
        if len(mine):
            axes.scatter(
                mine[:, 0], mine[:, 1], s=look.size, color=look.colour,
                marker=look.marker, alpha=look.alpha, linewidths=0.4,
                edgecolors="white", label=f"{kind or 'easy or in between'}: {len(mine)}",
            )  # fmt: skip
    # In the corner that a map leaves empty: nothing is both steady and unsteady.
    axes.text(
        0.99, 0.99, "\n".join(_named(windows)), transform=axes.transAxes,
        ha="right", va="top", fontsize=8,
    )  # fmt: skip
    axes.set_ylim(max(0.0, float(places[:, 1].min()) - 0.05), 1.02)
    axes.set_xlim(0.0, float(places[:, 0].max()) * 1.05 + 1e-3)
    axes.set_xlabel("variability: its standard deviation over training")
    axes.set_ylabel("mean of the saturated error (0.5: typical at the end)")
    axes.set_title(f"Data map: {len(windows)} training windows", loc="left")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    plots.save(figure, path)


def kind_of(row: Mapping[str, Any]) -> str:
    """Return the kind that a window is drawn as."""
    for kind in reversed(LOOKS):
        if not kind or row[kind]:
            return kind
    return ""


def _named(windows: Sequence[Mapping[str, Any]]) -> list[str]:
    total = Counter(row["episode"] for row in windows)
    found = Counter(row["episode"] for row in windows if row["suspicious"])
    if not found:
        return []
    lines = [
        f"episode {episode}: {count} of {total[episode]}"
        for episode, count in found.most_common(NAMED)
    ]
    more = len(found) - len(lines)
    rest = [f"and {more} episodes more"] if more else []
    return ["suspicious windows by episode", *lines, *rest]
