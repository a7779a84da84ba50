"""The episodes of a dataset file, one by one, as readers yielded them."""

from collections.abc import Iterator

from koopcli.data.episode import Episode
from koopcli.data.store import Dataset


def episodes(dataset: Dataset, split: str | None = None) -> Iterator[Episode]:
    """Return views of the episodes of one split, or of all, in the order of the file."""
    owner = {e: name for name, part in dataset.splits.items() for e in part.tolist()}
    for number, length in enumerate(dataset.lengths.tolist()):
        if split is not None and owner[number] != split:
            continue
        row, step = dataset.observation_starts[number], dataset.step_starts[number]
        steps = slice(step, step + length)
        known = bool(dataset.last_observation_known[number])
        yield Episode(
            observations=dataset.observations[row : row + length + known],
            actions=dataset.actions[steps],
            rewards=None if dataset.rewards is None else dataset.rewards[steps],
            terminations=dataset.terminations[steps],
            truncations=dataset.truncations[steps],
            source=dataset.sources[number],
            split=owner[number],
        )
