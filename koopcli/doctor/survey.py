"""What the checks need to know about all episodes, gathered in one pass.

A few numbers are kept per episode, and a sample of bounded size: memory does not grow
with the number of steps.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from koopcli.data.episode import Episode
from koopcli.data.statistics import Accumulator, ColumnStatistics
from koopcli.doctor import thresholds
from koopcli.doctor.sample import Collector, Sample


@dataclass(frozen=True)
class EpisodeFacts:
    """What is remembered of one episode.

    Attributes:
        source: Where it came from.
        split: The split it is in, if that is decided.
        steps: Number of actions.
        transitions: Number of steps whose result is known.
        terminated: Whether its last step is a termination.
        truncated: Whether its last step is a truncation.
        early_end: First step before the last one that is marked as an end, if any.
        digest: Of observations and actions; equal for equal episodes.
        size: Root mean square of each observation column.
    """

    source: str
    split: str | None
    steps: int
    transitions: int
    terminated: bool
    truncated: bool
    early_end: int | None
    digest: bytes
    size: Float[np.ndarray, " _state"]


@dataclass(frozen=True)
class Survey:
    """All episodes in short.

    Attributes:
        episodes: One entry each.
        columns: Statistics of the observation columns, then of the action columns, over
            all finite values.
        finite: Whether all values are finite, in float32 too.
        sample: Transitions, evenly drawn.
    """

    episodes: tuple[EpisodeFacts, ...]
    columns: ColumnStatistics
    finite: bool
    sample: Sample


def survey(episodes: Iterable[Episode], names: tuple[str, ...]) -> Survey:
    """Pass over the episodes once."""
    facts, finite = [], True
    totals = [Accumulator(1) for _ in names]
    collector = Collector(thresholds.SAMPLE_ROWS)
    for episode in episodes:
        facts.append(_facts(episode))
        arrays = (episode.observations, episode.actions)
        columns = [column for array in arrays for column in array.T]
        for total, column in zip(totals, columns, strict=True):
            good = usable(column)
            finite &= bool(good.all())
            total.add(column[good][:, None])
        if episode.rewards is not None:
            finite &= bool(usable(episode.rewards).all())
        collector.add(episode)
    parts = [total.result() for total in totals]
    joined = {
        name: np.array([getattr(part, name)[0] for part in parts])
        for name in ("mean", "std", "min", "max")
    }
    count = max((part.count for part in parts), default=0)
    return Survey(
        episodes=tuple(facts),
        columns=ColumnStatistics(count, **joined),
        finite=finite,
        sample=collector.sample(),
    )


def usable(values: Float[np.ndarray, " *shape"]) -> Bool[np.ndarray, " *shape"]:
    """Return which values are finite; beyond float32 counts as infinite."""
    with np.errstate(over="ignore"):
        return np.isfinite(values.astype(np.float32))


def _facts(episode: Episode) -> EpisodeFacts:
    observations = episode.observations.astype(np.float64)
    observations = np.where(usable(observations), observations, 0.0)
    ends = episode.terminations | episode.truncations
    early = np.flatnonzero(ends[:-1])
    square = (observations**2).mean(axis=0) if len(observations) else 0.0
    return EpisodeFacts(
        source=episode.source,
        split=episode.split,
        steps=episode.length,
        transitions=max(len(observations) - 1, 0),
        terminated=bool(episode.terminations[-1:].any()),
        truncated=bool(episode.truncations[-1:].any()),
        early_end=int(early[0]) if len(early) else None,
        digest=_digest(episode),
        size=np.sqrt(square * np.ones(observations.shape[1])),
    )


def _digest(episode: Episode) -> bytes:
    # In float32, so that a file and its copy in double precision are the same.
    digest = hashlib.blake2b(digest_size=16)
    for array in (episode.observations, episode.actions):
        digest.update(str(array.shape).encode())
        with np.errstate(over="ignore"):
            digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    return digest.digest()
