"""The episodes of a dataset file, one by one, as readers yielded them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from koopcli.data.episode import Episode
from koopcli.data.store import Dataset

BLOCK_ROWS = 65_536
"""Rows that are read at once, so that a chunk of the file is not unpacked many times."""


@dataclass(frozen=True)
class StoredEpisodes:
    """The episodes of one split, or of all, in the order of the file; iterate again.

    Attributes:
        dataset: In memory, or with columns on disk.
        split: Name of the split; None for all.
    """

    dataset: Dataset
    split: str | None = None

    def __iter__(self) -> Iterator[Episode]:
        return episodes(self.dataset, self.split)


def episodes(dataset: Dataset, split: str | None = None) -> Iterator[Episode]:
    """Return views of the episodes of one split, or of all, in the order of the file."""
    owner = {e: name for name, part in dataset.splits.items() for e in part.tolist()}
    rows = np.cumsum(dataset.lengths + dataset.last_observation_known)
    first = 0
    while first < len(rows):
        before = rows[first - 1] if first else 0
        stop = max(first + 1, int(np.searchsorted(rows, before + BLOCK_ROWS, "right")))
        if split is None or any(
            owner[number] == split for number in range(first, stop)
        ):
            yield from _some(dataset, range(first, stop), owner, split)
        first = stop


def _some(
    dataset: Dataset, numbers: range, owner: dict[int, str], split: str | None
) -> Iterator[Episode]:
    last, known = numbers[-1], dataset.last_observation_known
    row_0 = dataset.observation_starts[numbers[0]]
    row_1 = dataset.observation_starts[last] + dataset.lengths[last] + known[last]
    step_0 = dataset.step_starts[numbers[0]]
    part = slice(step_0, dataset.step_starts[last] + dataset.lengths[last])
    observations, actions = dataset.observations[row_0:row_1], dataset.actions[part]
    rewards = None if dataset.rewards is None else dataset.rewards[part]
    terminations, truncations = dataset.terminations[part], dataset.truncations[part]
    for number in numbers:
        if split is not None and owner[number] != split:
            continue
        row = dataset.observation_starts[number] - row_0
        step = dataset.step_starts[number] - step_0
        steps = slice(step, step + dataset.lengths[number])
        yield Episode(
            observations=observations[
                row : row + dataset.lengths[number] + known[number]
            ],
            actions=actions[steps],
            rewards=None if rewards is None else rewards[steps],
            terminations=terminations[steps],
            truncations=truncations[steps],
            source=dataset.sources[number],
            split=owner[number],
        )
