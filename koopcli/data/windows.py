"""Every place in a dataset where a rollout may begin.

A start is an observation with at least one known successor in the same episode. Nothing
here copies data: a start is two row numbers and the count of steps that remain.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from koopcli.data.store import Dataset
from koopcli.errors import DataError


@dataclass(frozen=True)
class Starts:
    """Where rollouts begin, one entry per start.

    Attributes:
        observation_rows: Row of the first observation in `Dataset.observations`.
        step_rows: Row of the first action in `Dataset.actions`.
        remaining: Steps whose resulting observation is known; at least 1.
        episodes: Number of the episode.
    """

    observation_rows: Int[np.ndarray, " start"]
    step_rows: Int[np.ndarray, " start"]
    remaining: Int[np.ndarray, " start"]
    episodes: Int[np.ndarray, " start"]

    def __len__(self) -> int:
        return len(self.remaining)

    def take(self, index: Int[np.ndarray, " chosen"]) -> "Starts":
        """Return the starts at `index`, in that order."""
        return Starts(
            self.observation_rows[index],
            self.step_rows[index],
            self.remaining[index],
            self.episodes[index],
        )


def starts(dataset: Dataset, split: str, *, stride: int = 1) -> Starts:
    """List the starts of a split, episode by episode.

    Args:
        dataset: The dataset.
        split: `train`, `val` or `test`.
        stride: Steps between two starts of the same episode; each episode's first
            observation is always one.

    Raises:
        DataError: The split does not exist or holds no start.
    """
    if split not in dataset.splits:
        raise DataError(
            f"{dataset.path}: no split {split!r}; it has {[*dataset.splits]}"
        )
    episodes, offsets = [], []
    for episode in dataset.splits[split].tolist():
        offset = np.arange(0, dataset.transitions[episode], stride)
        offsets.append(offset)
        episodes.append(np.full(len(offset), episode))
    if sum(map(len, offsets)) == 0:
        raise DataError(
            f"{dataset.path}: the {split} split has no step to start from; ingest more "
            f"episodes or raise --{split}-fraction"
        )
    episode = np.concatenate(episodes).astype(np.int64)
    offset = np.concatenate(offsets).astype(np.int64)
    return Starts(
        observation_rows=dataset.observation_starts[episode] + offset,
        step_rows=dataset.step_starts[episode] + offset,
        remaining=dataset.transitions[episode] - offset,
        episodes=episode,
    )
