"""From tallies to rows: every model, every quantity, every horizon, with intervals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import measures, metrics
from koopcli.evaluate.bootstrap import Bootstrap
from koopcli.evaluate.measures import Scores
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.report import OBSERVATIONS, RETURNS, REWARDS, Row
from koopcli.evaluate.tally import Entrant, Tally
from koopcli.evaluate.yardstick import Yardstick

BASELINES = ("persistence", "linear")
Scored = Sequence[tuple[Entrant, Tally]]


@dataclass(frozen=True)
class Table:
    """The errors of one model in quantities that are scored together.

    Attributes:
        quantities: Name of each column.
        scores: Over all starts, at every step.
        draws: Over the starts of each draw, at the reported horizons.
        episodes: Over the starts of each episode, there.
    """

    quantities: tuple[str, ...]
    scores: Scores
    draws: Scores
    episodes: Scores


def tables(tally: Tally, yardstick: Yardstick, bootstrap: Bootstrap) -> Iterator[Table]:
    """Yield the tables of one model: overall, rewards, returns, dimensions."""
    total, groups, how = tally.total, tally.by_episode, (yardstick, bootstrap)
    each = measures.per_dimension
    states = (total.observations, groups.observations)
    steps = total.observations.count.shape[-1]
    spread = np.repeat(yardstick.scale[None], steps, axis=0)
    yield _table((OBSERVATIONS,), measures.overall, states, spread, how)
    if yardstick.reward_scale is not None and total.rewards and groups.rewards:
        rewards = (total.rewards, groups.rewards)
        unit = np.full((steps, 1), yardstick.reward_scale)
        yield _table((REWARDS,), each, rewards, unit, how)
    if yardstick.reward_scale is not None and total.returns and groups.returns:
        returns = (total.returns, groups.returns)
        # An error of one σ in every reward is an error of h σ in the return over h steps.
        yield _table((RETURNS,), each, returns, unit * np.c_[1 : steps + 1], how)
    yield _table(yardstick.names, each, states, spread, how)


def _table(
    names: tuple[str, ...],
    score: Callable[[Sums, np.ndarray], Scores],
    sums: tuple[Sums, Sums],
    unit: np.ndarray,
    how: tuple[Yardstick, Bootstrap],
) -> Table:
    (total, groups), (yardstick, bootstrap) = sums, how
    reported = unit[np.array(yardstick.horizons) - 1]
    return Table(
        quantities=names,
        scores=score(metrics.only(total), unit),
        draws=score(draws.resample(bootstrap, groups), reported),
        episodes=score(groups, reported),
    )


def rows(scored: Scored, yardstick: Yardstick, bootstrap: Bootstrap) -> tuple[Row, ...]:
    """Return the rows of all models."""
    found = [
        (entrant, list(tables(tally, yardstick, bootstrap)))
        for entrant, tally in scored
    ]
    against = {
        entrant.model: {table.quantities: table for table in several}
        for entrant, several in found
        if entrant.run is None
    }
    return tuple(
        _row(entrant, (table, column), place, against, (yardstick, bootstrap))
        for entrant, several in found
        for table in several
        for column in range(len(table.quantities))
        for place in range(len(yardstick.horizons))
    )


def _row(
    entrant: Entrant,
    cell: tuple[Table, int],
    place: int,
    against: dict[str, dict[tuple[str, ...], Table]],
    how: tuple[Yardstick, Bootstrap],
) -> Row:
    (table, column), (yardstick, bootstrap) = cell, how
    horizon = yardstick.horizons[place]
    at, drawn = (horizon - 1, column), (slice(None), place, column)
    values = {n: float(getattr(table.scores, n)[at]) for n in measures.NAMES}
    again = {n: getattr(table.draws, n)[drawn] for n in measures.NAMES}
    for name in BASELINES:
        base = against.get(name, {}).get(table.quantities)
        one, several = np.nan, np.full(len(again["nrmse"]), np.nan)
        if base is not None:
            one = base.scores.nrmse[at]
            several = base.draws.nrmse[drawn]
        values[f"skill_{name}"] = float(skill(values["nrmse"], one))
        again[f"skill_{name}"] = skill(again["nrmse"], several)
    counted = table.episodes.starts[:, place] > 0
    sums = {
        f"sum_{n}": float(getattr(table.scores, n)[:horizon, column].sum())
        for n in ("rmse", "nrmse", "mae")
    }
    each = table.episodes.nmse[counted, place, column]
    return Row(
        run=entrant.run,
        model=entrant.model,
        quantity=table.quantities[column],
        horizon=horizon,
        starts=int(table.scores.starts[horizon - 1]),
        nrmse_episodes=float(np.sqrt(each.mean())) if len(each) else np.nan,
        episodes=int(counted.sum()),
        interval={n: bootstrap.interval(again[n], values[n]) for n in values},
        **values,
        **sums,
    )


def skill(error: np.ndarray | float, base: np.ndarray | float) -> np.ndarray:
    """Return 1 - error / base; NaN where the baseline makes no error."""
    base = np.asarray(base, np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(base > 0, 1 - error / base, np.nan)


def sums_of(tally: Tally) -> Sums:
    """Return the sums of the observations over all starts."""
    return metrics.only(tally.total.observations)
