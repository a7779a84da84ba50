"""Rolls several models out over the same windows and adds their errors up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from koopcli.evaluate import metrics
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.rollouts import Predicted, Rollout, Windows
from koopcli.evaluate.yardstick import Yardstick

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
        total: Sums over all starts, at every step.
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
    parts: list[list[Tally]] = [[] for _ in entrants]
    done = 0
    for batch in windows:
        for entrant, found in zip(entrants, parts, strict=True):
            found.append(measure(entrant.rollout, batch, yardstick))
            # The totals are folded batch by batch; only records and episodes pile up.
            if len(found) > 1:
                found[:] = [add(found[0], found[1])]
        done += len(batch.states)
        progress(done)
    return [found[0] for found in parts]
