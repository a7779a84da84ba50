"""The tables of a comparison for people, as text: one row per model, best values marked."""

import math
from dataclasses import dataclass

from koopcli.compare.scores import Comparison, Group, Measure, Spread
from koopcli.evaluate.report import OBSERVATIONS, REWARDS

TITLES = {OBSERVATIONS: "States", REWARDS: "Rewards"}


@dataclass(frozen=True)
class Cell:
    """A text, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A title, column names and rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables(comparison: Comparison) -> list[Table]:
    """Return the table of costs, and one of errors per quantity."""
    quantities = dict.fromkeys(measure.quantity for measure in comparison.measures)
    return [
        _cost(comparison),
        *(_errors(comparison, quantity) for quantity in quantities),
    ]


def rankings(comparison: Comparison) -> list[str]:
    """Return one line per mean error: the models, best first."""
    lines = []
    for measure in comparison.measures:
        if measure.name != "mean_nmse":
            continue
        ranked = [
            f"{group.model} {_number(error.mean)}"
            for group in comparison.ranking(measure)
            if (error := group.error(measure)) is not None
        ]
        what = f"{TITLES[measure.quantity]}, mean over {measure.steps} steps"
        lines.append(f"{what}: {' < '.join(ranked) or 'nothing finite'}")
    return lines


def _cost(comparison: Comparison) -> Table:
    columns = (
        *("model", "seeds", "parameters", "steps", "training s", "it/s"),
        *("wall s", "batch", "horizon"),
    )
    trained = [group for group in comparison.groups if group.scores[0].record]
    return Table("Cost", columns, tuple(_cost_row(group) for group in trained))


def _cost_row(group: Group) -> tuple[Cell, ...]:
    count, finished = len(group.scores), len(group.finished)
    seeds = str(count) if group.complete else f"{finished} of {count}"
    closed = (steps := group.cost("steps")) is not None and steps.mean == 0
    horizon, batch = (group.cost(name) for name in ("horizon", "batch_size"))
    return tuple(
        Cell(text)
        for text in (
            group.model,
            seeds,
            _whole(group.cost("parameters")),
            _whole(steps),
            _plus_minus(group.cost("training_seconds"), 3),
            _plus_minus(group.cost("steps_per_second"), 3),
            _plus_minus(group.cost("wall_seconds"), 3),
            "-" if closed else _whole(batch),
            "-" if closed else _whole(horizon),
        )
    )


def _errors(comparison: Comparison, quantity: str) -> Table:
    measures = [each for each in comparison.measures if each.quantity == quantity]
    best = {each: comparison.ranking(each)[:1] for each in measures}
    columns = ["model", *map(_heading, measures), "diverged"]
    rows = []
    for group in comparison.groups:
        cells = [
            Cell(_plus_minus(group.error(each), 3), group in best[each])
            for each in measures
        ]
        rows.append((Cell(group.model), *cells, Cell(_percent(group))))
    title = f"{TITLES[quantity]}: NRMSE by steps ahead; mean NMSE over the first steps"
    return Table(title, tuple(columns), tuple(rows))


def _heading(measure: Measure) -> str:
    if measure.name == "nrmse":
        return str(measure.steps)
    return f"mean 1-{measure.steps}"


def _percent(group: Group) -> str:
    rate = group.divergence_rate
    return "-" if rate is None else f"{100 * rate.mean:.2f} %"


def _whole(value: Spread | None) -> str:
    return "-" if value is None else f"{value.mean:.0f}"


def _plus_minus(value: Spread | None, digits: int) -> str:
    # The std has the decimals of the mean.
    if value is None or not math.isfinite(value.mean):
        return "-"
    mean = _number(value.mean, digits)
    if value.std is None or not math.isfinite(value.std):
        return mean
    if "e" in mean:
        return f"{mean} ± {_number(value.std, 2)}"
    decimals = len(mean.partition(".")[2])
    return f"{mean} ± {value.std:.{decimals}f}"


def _number(value: float, digits: int = 3) -> str:
    # Trailing zeros stay (0.150), so that columns line up and say how exact they are.
    if value == 0 or not 1e-4 <= abs(value) < 1e5:
        return f"{value:.{digits}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"
