"""Rolls several models out over the same windows and adds their errors up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from koopcli.data.statistics import ColumnStatistics
from koopcli.evaluate import metrics
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.rollouts import Rollout, Windows

Progress = Callable[[int], None]
"""Called with the number of starts done so far."""


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


@dataclass(frozen=True)
class Tally:
    """What the rollouts of one entrant add up to.

    Attributes:
        observations: Sums over the state dimensions.
        rewards: Sums over the reward; None where the entrant or the data has none.
        diverged: Rollouts that left the bounds or became non-finite.
        broken: Rollouts that became non-finite.
    """

    observations: Sums
    rewards: Sums | None
    diverged: int
    broken: int


@dataclass(frozen=True)
class Bounds:
    """The box that a rollout may not leave, per dimension."""

    low: Float[np.ndarray, " state"]
    high: Float[np.ndarray, " state"]


def bounds(columns: ColumnStatistics, factor: float) -> Bounds:
    """Widen the training range by `factor` ranges to both sides.

    A constant dimension has no range; 1 stands in, as it does for its scale.
    """
    width = np.where(columns.constant, 1.0, columns.max - columns.min)
    return Bounds(columns.min - factor * width, columns.max + factor * width)


def tally(
    entrants: Sequence[Entrant],
    windows: Iterable[Windows],
    limits: Bounds,
    progress: Progress = lambda done: None,
) -> list[Tally]:
    """Roll every entrant out over every batch; one tally per entrant.

    Only one batch is held at a time. `windows` must not be empty.
    """
    totals: list[Tally] = []
    done = 0
    for batch in windows:
        parts = [measure(entrant.rollout, batch, limits) for entrant in entrants]
        if not totals:
            totals = parts
        else:
            totals = [add(*pair) for pair in zip(totals, parts, strict=True)]
        done += len(batch.states)
        progress(done)
    return totals


def measure(rollout: Rollout, batch: Windows, limits: Bounds) -> Tally:
    """Tally one batch."""
    predicted = rollout(batch.states, batch.actions)
    rewards = None
    if predicted.rewards is not None and batch.rewards is not None:
        rewards = metrics.measure(
            predicted.rewards[..., None], batch.rewards[..., None], batch.mask
        )
    states, mask = predicted.states, batch.mask
    broken = (mask & ~np.isfinite(states).all(axis=-1)).any(axis=1)
    outside = metrics.diverged(states, mask, limits.low, limits.high)
    return Tally(
        observations=metrics.measure(states, batch.truth, mask),
        rewards=rewards,
        diverged=int(outside.sum()),
        broken=int(broken.sum()),
    )


def add(first: Tally, second: Tally) -> Tally:
    """Add the tallies of two batches of the same entrant."""
    rewards = None
    if first.rewards is not None and second.rewards is not None:
        rewards = metrics.merge(first.rewards, second.rewards)
    return Tally(
        observations=metrics.merge(first.observations, second.observations),
        rewards=rewards,
        diverged=first.diverged + second.diverged,
        broken=first.broken + second.broken,
    )
