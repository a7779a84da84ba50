"""Rolls several models out over the same windows and adds their errors up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int

from koopcli.evaluate import metrics
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.rollouts import Predicted, Rollout, Windows
from koopcli.evaluate.yardstick import Yardstick

Progress = Callable[[int], None]
"""Called with the number of starts done so far."""
Fields = TypeVar("Fields", Sums, "Record")


@dataclass(frozen=True)
class Entrant:
    """Something that is evaluated.

    Attributes:
        run: The run as given, or None for a baseline.
        model: `koopman`, `persistence` or `linear`.
        rollout: How it predicts.
    """

    run: str | None
    model: str
    rollout: Rollout


class Quantities(NamedTuple):
    """One value per quantity; None where the model or the data has no rewards."""

    observations: Sums
    rewards: Sums | None
    returns: Sums | None


@dataclass(frozen=True)
class Record:
    """What each start showed, in the order of the starts.

    Attributes:
        episodes: Number of its episode.
        profile: Mean over dimensions of (error / σ)² at every step; NaN if unknown.
        errors: Signed error at each reported horizon, per dimension; NaN if unknown.
        diverged: Whether the rollout left the box or became non-finite.
        broken: Whether it became non-finite.
    """

    episodes: Int[np.ndarray, " batch"]
    profile: Float[np.ndarray, "batch time"]
    errors: Float[np.ndarray, "batch horizon dim"]
    diverged: Bool[np.ndarray, " batch"]
    broken: Bool[np.ndarray, " batch"]


@dataclass(frozen=True)
class Tally:
    """What the rollouts of one entrant add up to.

    Attributes:
        total: Sums over all starts, at every step; a leading axis of one group.
        episodes: Numbers of the episodes, in order.
        by_episode: Sums over the starts of each episode, at the reported horizons.
        record: What each start showed.
    """

    total: Quantities
    episodes: Int[np.ndarray, " group"]
    by_episode: Quantities
    record: Record


def tally(
    entrants: Sequence[Entrant],
    windows: Iterable[Windows],
    yardstick: Yardstick,
    progress: Progress = lambda done: None,
) -> list[Tally]:
    """Roll every entrant out over every batch; one tally per entrant.

    Only one batch is held at a time. `windows` must not be empty.
    """
    totals: list[Quantities] = []
    parts: list[list[Tally]] = [[] for _ in entrants]
    done = 0
    for batch in windows:
        found = [measure(entrant.rollout, batch, yardstick) for entrant in entrants]
        fresh = [each.total for each in found]
        if totals:
            fresh = [add(*pair) for pair in zip(totals, fresh, strict=True)]
        totals = fresh
        for one, several in zip(found, parts, strict=True):
            several.append(one)
        done += len(batch.states)
        progress(done)
    return [_join(total, several) for total, several in zip(totals, parts, strict=True)]


def measure(rollout: Rollout, batch: Windows, yardstick: Yardstick) -> Tally:
    """Tally one batch."""
    predicted, mask = rollout(batch.states, batch.actions), batch.mask
    states = predicted.states
    limits, columns = yardstick.limits, np.array(yardstick.horizons) - 1
    error = metrics.difference(states, batch.truth, yardstick.periods)
    # Unknown is NaN, so what is not finite is infinite: nothing is ever dropped.
    error = np.where(np.isnan(error), np.inf, error)
    error[~mask] = np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        profile = ((error / yardstick.scale) ** 2).mean(axis=-1).astype(np.float32)
        errors = error[:, columns].astype(np.float32)
    broken = (mask & ~np.isfinite(states).all(axis=-1)).any(axis=1)
    outside = metrics.diverged(states, mask, limits.low, limits.high)
    firsts = np.flatnonzero(np.append(True, np.diff(batch.episodes) != 0))
    chosen = (predicted, batch, yardstick)
    return Tally(
        total=_quantities(chosen, slice(None), np.zeros(1, np.int64)),
        episodes=batch.episodes[firsts],
        by_episode=_quantities(chosen, columns, firsts),
        record=Record(batch.episodes, profile, errors, outside | broken, broken),
    )


def add(first: Quantities, second: Quantities) -> Quantities:
    """Add the sums of two batches of the same entrant."""
    return Quantities(
        metrics.merge(first.observations, second.observations),
        _merge(first.rewards, second.rewards),
        _merge(first.returns, second.returns),
    )


def _merge(first: Sums | None, second: Sums | None) -> Sums | None:
    return None if first is None or second is None else metrics.merge(first, second)


def _quantities(
    chosen: tuple[Predicted, Windows, Yardstick],
    columns: slice | np.ndarray,
    firsts: np.ndarray,
) -> Quantities:
    predicted, batch, yardstick = chosen
    mask = batch.mask[:, columns]
    observations = metrics.measure_groups(
        predicted.states[:, columns],
        batch.truth[:, columns],
        mask,
        firsts,
        yardstick.periods,
    )
    if predicted.rewards is None or batch.rewards is None:
        return Quantities(observations, None, None)
    pair = (predicted.rewards.astype(np.float64), batch.rewards.astype(np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        returns = [np.cumsum(values, axis=1) for values in pair]
    rewards, totals = (
        metrics.measure_groups(
            one[:, columns, None], truth[:, columns, None], mask, firsts
        )
        for one, truth in (pair, returns)
    )
    return Quantities(observations, rewards, totals)


def _join(total: Quantities, parts: list[Tally]) -> Tally:
    records = [part.record for part in parts]
    episodes = np.concatenate([part.episodes for part in parts])
    # An episode that spans two batches is two groups, one after the other.
    firsts = np.flatnonzero(np.append(True, np.diff(episodes) != 0))
    each = [part.by_episode for part in parts]
    rewards = [one.rewards for one in each if one.rewards is not None]
    returns = [one.returns for one in each if one.returns is not None]

    def regroup(several: list[Sums]) -> Sums:
        return metrics.combine(concatenate(several), firsts)

    return Tally(
        total=total,
        episodes=episodes[firsts],
        by_episode=Quantities(
            regroup([one.observations for one in each]),
            regroup(rewards) if rewards else None,
            regroup(returns) if returns else None,
        ),
        record=concatenate(records),
    )


def concatenate(parts: list[Fields]) -> Fields:
    """Join dataclasses of arrays along the first axis, field by field."""
    kind = type(parts[0])
    return kind(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(kind)
        }
    )
