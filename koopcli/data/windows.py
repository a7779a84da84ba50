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


@dataclass(frozen=True)
class StartTable:
    """The starts of a split by number, without listing them: memory for episodes only.

    Attributes:
        dataset: The dataset.
        episodes: Episodes of the split.
        ends: Number of the first start after each of them.
        stride: Steps between two starts of an episode.
    """

    dataset: Dataset
    episodes: Int[np.ndarray, " episode"]
    ends: Int[np.ndarray, " episode"]
    stride: int

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def at(self, index: Int[np.ndarray, " chosen"]) -> Starts:
        """Return the starts with the numbers `index`, in that order."""
        place = np.searchsorted(self.ends, index, side="right")
        first = np.concatenate([[0], self.ends])[place]
        episode = self.episodes[place]
        offset = (index - first) * self.stride
        return Starts(
            observation_rows=self.dataset.observation_starts[episode] + offset,
            step_rows=self.dataset.step_starts[episode] + offset,
            remaining=self.dataset.transitions[episode] - offset,
            episodes=episode,
        )


def start_table(
    dataset: Dataset, split: str, *, stride: int = 1, horizon: int = 1
) -> StartTable:
    """Number the starts of a split, episode by episode.

    Args:
        dataset: The dataset.
        split: `train`, `val` or `test`.
        stride: Steps between two starts of the same episode; each episode's first
            observation is always one.
        horizon: Only starts with as many known steps; the table may then be empty.

    Raises:
        DataError: The split does not exist or holds no start at all.
    """
    if split not in dataset.splits:
        raise DataError(
            f"{dataset.path}: no split {split!r}; it has {[*dataset.splits]}"
        )
    episodes = dataset.splits[split]
    steps = dataset.transitions[episodes]
    if steps.sum() == 0:
        raise DataError(
            f"{dataset.path}: the {split} split has no step to start from; ingest more "
            f"episodes or raise --{split}-fraction"
        )
    counts = -(-np.maximum(0, steps - horizon + 1) // stride)
    return StartTable(dataset, episodes, np.cumsum(counts), stride)


def starts(dataset: Dataset, split: str, *, stride: int = 1) -> Starts:
    """List the starts of a split; see `start_table`."""
    table = start_table(dataset, split, stride=stride)
    return table.at(np.arange(len(table)))
