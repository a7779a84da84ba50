"""Pictures of a benchmark: rates against the horizon, and times against the floor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from koopcli import plots
from koopcli.benchmark.predict import PredictResult
from koopcli.benchmark.train import TrainResult
from koopcli.benchmark.unroll import UnrollResult
from koopcli.config.choices import ModelKind

Curve = tuple[Sequence[int], Sequence[float]]


def updates(path: Path, results: Sequence[TrainResult]) -> None:
    """Draw gradient updates per second against the horizon, one curve per model.

    Raises:
        ConfigError: The suffix is unknown.
    """
    curves = {
        kind: curve(
            {
                each.horizon: each.iterations_per_second
                for each in results
                if each.model == kind
            }
        )
        for kind in dict.fromkeys(each.model for each in results)
    }
    batch = results[0].batch_size
    title = f"Gradient updates, {batch} windows each"
    _draw(path, curves, (title, "updates per second"))


def rollouts(path: Path, results: Sequence[PredictResult]) -> None:
    """Draw rollouts per second against the horizon, the largest batch of each model.

    Raises:
        ConfigError: The suffix is unknown.
    """
    batch = max(each.batch_size for each in results)
    curves = {
        kind: curve(
            {
                each.horizon: each.rollouts_per_second
                for each in results
                if each.model == kind and each.batch_size == batch
            }
        )
        for kind in dict.fromkeys(each.model for each in results)
    }
    _draw(path, curves, (f"Rollouts, {batch} at a time", "rollouts per second"))


def floors(path: Path, results: Sequence[UnrollResult]) -> None:
    """Draw how many times its floor each form takes, at each horizon.

    Raises:
        ConfigError: The suffix is unknown.
    """
    curves = {
        f"{form}, {passes}": curve(
            {
                each.horizon: each.ratio_to_floor
                for each in results
                if (each.unroll, each.passes) == (form, passes)
            }
        )
        for form, passes in dict.fromkeys(
            (each.unroll, each.passes) for each in results
        )
    }
    _draw(path, curves, ("Recurrence against its floor", "times the floor"))


def curve(values: Mapping[int, float | None]) -> Curve:
    """Return what is there, by horizon."""
    known = sorted((at, value) for at, value in values.items() if value is not None)
    return [at for at, _ in known], [value for _, value in known]


def _draw(path: Path, curves: Mapping[str, Curve], words: tuple[str, str]) -> None:
    figure = _figure(path)
    axes = figure.add_subplot()
    for number, (label, (at, values)) in enumerate(curves.items()):
        place = (
            list(ModelKind).index(ModelKind(label))
            if label in list(ModelKind)
            else number
        )
        axes.plot(
            at,
            values,
            color=plots.COLOURS[place % len(plots.COLOURS)],
            linestyle=plots.STYLES[place % len(plots.STYLES)],
            marker="osD^vP"[place % 6],
            markersize=5,
            linewidth=1.8,
            label=label,
        )
    axes.set(xscale="log", yscale="log", xlabel="horizon (steps)", ylabel=words[1])
    axes.set_title(words[0], loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, which="major", color="0.9")
    plots.plain_ticks(axes.xaxis, axes.yaxis)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    plots.save(figure, path)


def _figure(path: Path) -> Any:
    plots.check_format(path)
    return plots.make_figure((6.4, 4.4))
