"""A sample of transitions of bounded size, drawn evenly while episodes stream by."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from koopcli.data.episode import Episode


@dataclass(frozen=True)
class Sample:
    """Steps t of episodes, with what came just before and just after.

    Attributes:
        before: Observations at t - 1.
        now: Observations at t.
        after: Observations at t + 1.
        action: Actions stored at t, which should lead from `now` to `after`.
        next_action: Actions stored at t + 1.
    """

    before: Float[np.ndarray, "row state"]
    now: Float[np.ndarray, "row state"]
    after: Float[np.ndarray, "row state"]
    action: Float[np.ndarray, "row action"]
    next_action: Float[np.ndarray, "row action"]

    @property
    def rows(self) -> int:
        """Number of transitions."""
        return len(self.now)


class Collector:
    """Keeps every so many transitions; if too many are kept, every second one goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._stride = 1
        self._seen = 0
        self._width = (0, 0)
        self._parts: list[np.ndarray] = []
        self._rows = 0

    def add(self, episode: Episode) -> None:
        """Draw from one episode; rows with values that are not finite are left out."""
        observations = episode.observations.astype(np.float64)
        actions = episode.actions.astype(np.float64)
        self._width = (observations.shape[1], actions.shape[1])
        # t from 1, with observations up to t + 1 and actions up to t + 1.
        count = max(min(len(observations) - 2, len(actions) - 2), 0)
        steps = np.arange(-self._seen % self._stride, count, self._stride) + 1
        self._seen += count
        rows = np.concatenate(
            [
                *(observations[steps + shift] for shift in (-1, 0, 1)),
                *(actions[steps + shift] for shift in (0, 1)),
            ],
            axis=1,
        )
        rows = rows[np.isfinite(rows).all(axis=1)]
        if len(rows):
            self._parts.append(rows)
            self._rows += len(rows)
        while self._rows > self._most:
            kept = np.concatenate(self._parts)[::2]
            self._parts, self._rows = [kept], len(kept)
            self._stride *= 2

    def sample(self) -> Sample:
        """Return what was kept."""
        state, action = self._width
        rows = np.concatenate(self._parts or [np.zeros((0, 3 * state + 2 * action))])
        cuts = np.cumsum([state, state, state, action])
        return Sample(*np.split(rows, cuts, axis=1))
