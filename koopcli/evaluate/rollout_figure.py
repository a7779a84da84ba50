"""Predicted against true: one panel per dimension, with the re-encodings marked."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from koopcli import plots
from koopcli.evaluate.examples import Example

MOST_MARKS = 60
"""More re-encodings than this are not drawn: they would be a grey wall."""


def draw(
    path: Path, example: Example, dims: Mapping[int, str], marks: Mapping[str, int]
) -> None:
    """Draw one example.

    Args:
        path: Where to; the suffix chooses PNG or SVG.
        example: The rollout.
        dims: Column and name of the dimensions to draw.
        marks: Steps between re-encodings of each run by its label; 0 never.
    """
    count = len(dims)
    across = 1 if count <= 3 else 2 if count <= 8 else 3
    down = -(-count // across)
    figure = plots.make_figure((max(7.0, 4.2 * across + 0.6), 1.5 * down + 1.9))
    grid = figure.subplots(down, across, sharex=True, squeeze=False)
    time = np.arange(len(example.truth)) * (example.dt or 1.0)
    handles, labels = [], []
    for axes, (column, name) in zip(grid.T.flat, dims.items(), strict=False):
        (line,) = axes.plot(time, example.truth[:, column], color="0.15", linewidth=1.8)
        handles, labels = [line], ["true"]
        for number, (run, predicted) in enumerate(example.predicted.items()):
            colour = plots.COLOURS[(number + 1) % len(plots.COLOURS)]
            style = plots.STYLES[(number + 1) % len(plots.STYLES)]
            (line,) = axes.plot(
                time, predicted[:, column], color=colour, linestyle=style, linewidth=1.3
            )
            every = marks.get(run, 0)
            handles.append(line)
            labels.append(run + (f" (re-encoded every {every})" if every else ""))
            if every and len(time) / every <= MOST_MARKS:
                at = np.arange(every, len(time), every)
                axes.plot(
                    time[at], predicted[at, column], "|", color=colour, markersize=7
                )
        axes.set_ylim(*_reach(example.truth[:, column]))
        axes.set_title(name, loc="left", fontsize=9)
        axes.grid(True, color="0.92")
    for axes in list(grid.T.flat)[count:]:
        axes.set_visible(False)
    for number in range(count):
        if number % down == down - 1 or number == count - 1:
            axes = grid.T.flat[number]
            axes.set_xlabel("steps ahead" if example.dt is None else "seconds ahead")
            axes.tick_params(labelbottom=True)
    title = f"The {example.name} start: episode {example.episode}, step {example.step}"
    figure.suptitle(title, fontsize=11)
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    plots.save(figure, path)


def _reach(truth: np.ndarray) -> tuple[float, float]:
    # A prediction that explodes leaves the panel; the truth stays readable.
    low, high = float(truth.min()), float(truth.max())
    room = 0.35 * (high - low) or 1.0
    return low - room, high + room
