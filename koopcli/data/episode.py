"""One trajectory, checked: the unit that readers yield and the store writes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from koopcli.errors import DataError


@dataclass(frozen=True)
class Episode:
    """A trajectory of T steps.

    Attributes:
        observations: T+1 rows, or T where the observation after the last action is
            truly unknown.
        actions: T rows; no columns for autonomous data.
        rewards: T values, or None where the source has none.
        terminations: Whether the environment ended at the step.
        truncations: Whether the recording was cut at the step (a time limit, say).
        source: Where it came from, for messages and provenance.
        split: The split that its owner put it in, if any.
    """

    observations: Float[np.ndarray, "point state"]
    actions: Float[np.ndarray, "time action"]
    rewards: Float[np.ndarray, " _time"] | None
    terminations: Bool[np.ndarray, " _time"]
    truncations: Bool[np.ndarray, " _time"]
    source: str
    split: str | None = None

    @property
    def length(self) -> int:
        """Number of steps T."""
        return len(self.actions)

    @property
    def last_observation_known(self) -> bool:
        """Whether there are T+1 observations."""
        return len(self.observations) == self.length + 1

    def check(self) -> None:
        """Refuse an episode that would break the dataset's contract.

        Raises:
            DataError: Lengths disagree, or a value is NaN or infinite.
        """
        steps = self.length
        if len(self.observations) not in (steps, steps + 1):
            raise DataError(
                f"{self.source}: {len(self.observations)} observations for {steps} "
                f"actions; expected {steps + 1} (or {steps} if the last is unknown)"
            )
        columns = {"terminations": self.terminations, "truncations": self.truncations}
        if self.rewards is not None:
            columns["rewards"] = self.rewards
        for name, values in columns.items():
            if len(values) != steps:
                raise DataError(
                    f"{self.source}: {len(values)} {name} for {steps} actions"
                )
        self._check_finite("observations", self.observations)
        self._check_finite("actions", self.actions)
        if self.rewards is not None:
            self._check_finite("rewards", self.rewards[:, None])

    def _check_finite(self, name: str, values: np.ndarray) -> None:
        with np.errstate(over="ignore"):  # beyond float32 counts as infinite
            bad = np.argwhere(~np.isfinite(values.astype(np.float32)))
        if len(bad):
            step, column = bad[0].tolist()
            raise DataError(
                f"{self.source}: {name}[{step}, {column}] is {values[step, column]} "
                f"({len(bad)} such values in this episode); remove or repair them"
            )
