"""The data map of a run: the error of fixed training windows over the course of training.

Written by `koopcli.train.data_map`, read by `koopcli.evaluate.data_map`. A NumPy archive,
replaced in one piece at every validation; the steps that it holds are written in it.
"""

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.errors import ModelError
from koopcli.files import replacing

VERSION = 1
UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError),
    zipfile.BadZipFile,
)
TABLES = ("episodes", "starts", "lengths", "steps")
"""Whole numbers in the file: of each window, and of each validation."""


@dataclass(frozen=True)
class DataMap:
    """Errors of windows, one row per validation.

    Attributes:
        dataset_sha256: Hash of the dataset file.
        horizon: Most steps of a window.
        episodes: Number of each window's episode.
        starts: Step within the episode at which it starts.
        lengths: Its known steps.
        steps: Gradient steps after which errors were measured.
        errors: Mean squared error over a window, in training variances.
    """

    dataset_sha256: str
    horizon: int
    episodes: Int[np.ndarray, " window"]
    starts: Int[np.ndarray, " window"]
    lengths: Int[np.ndarray, " window"]
    steps: Int[np.ndarray, " validation"]
    errors: Float[np.ndarray, "validation window"]

    def same_windows(self, other: "DataMap") -> bool:
        """Whether both speak of the same windows of the same data."""
        return (self.dataset_sha256, self.horizon) == (
            other.dataset_sha256,
            other.horizon,
        ) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("episodes", "starts", "lengths")
        )

    def keep(self, chosen: np.ndarray) -> "DataMap":
        """Leave out validations."""
        return replace(self, steps=self.steps[chosen], errors=self.errors[chosen])

    def add(self, step: int, errors: Float[np.ndarray, " window"]) -> "DataMap":
        """Append a validation."""
        return replace(
            self,
            steps=np.append(self.steps, step),
            errors=np.concatenate([self.errors, errors[None].astype(np.float32)]),
        )


def empty(dataset: Dataset, chosen: Starts, horizon: int, sha256: str) -> DataMap:
    """Return the map of windows that nothing is known of yet."""
    return DataMap(
        dataset_sha256=sha256,
        horizon=horizon,
        episodes=chosen.episodes.astype(np.int64),
        starts=chosen.step_rows - dataset.step_starts[chosen.episodes],
        lengths=np.minimum(chosen.remaining, horizon),
        steps=np.zeros(0, np.int64),
        errors=np.zeros((0, len(chosen)), np.float32),
    )


def windows(dataset: Dataset, horizon: int, limit: int) -> Starts:
    """Choose at most `limit` windows of the training split, spread over its episodes.

    As many per episode as its length deserves, but at least one, evenly from its first
    to its last whole window. Of more episodes than `limit`, some, spread evenly.
    """
    episodes = dataset.splits["train"]
    episodes = episodes[dataset.transitions[episodes] > 0]
    if len(episodes) > limit:
        picks = np.linspace(0, len(episodes) - 1, limit).round().astype(np.int64)
        episodes = episodes[picks]
    last = np.maximum(0, dataset.transitions[episodes] - horizon)
    low, high = 1, int(last.max(initial=0)) + 1
    while low < high:
        middle = (low + high) // 2
        few = int((last // middle + 1).sum()) <= limit
        low, high = (low, middle) if few else (middle + 1, high)
    counts = last // low + 1
    owner = np.repeat(np.arange(len(episodes)), counts)
    # Evenly up to the last one: how an episode ends is often what is wrong with it.
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = place / np.maximum(1, counts - 1)[owner]
    offset = np.round(share * last[owner]).astype(np.int64)
    episode = episodes[owner]
    return Starts(
        observation_rows=dataset.observation_starts[episode] + offset,
        step_rows=dataset.step_starts[episode] + offset,
        remaining=dataset.transitions[episode] - offset,
        episodes=episode,
    )


def write(path: Path, data_map: DataMap) -> None:
    """Write a map in one piece."""
    with replacing(path) as temporary, open(temporary, "r+b") as file:
        np.savez(file, version=VERSION, **vars(data_map))


def read(path: Path) -> DataMap:
    """Read a map, and check that its parts belong together.

    Raises:
        ModelError: It is damaged, or of another version.
    """
    try:
        # NumPy leaves a file open that it cannot read.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as stored:
            version = int(stored["version"])
            if version != VERSION:
                raise ModelError(
                    f"{path}: data map version {version}; this koopcli reads version "
                    f"{VERSION}"
                )
            digest, horizon = str(stored["dataset_sha256"]), int(stored["horizon"])
            tables = {name: stored[name].astype(np.int64) for name in TABLES}
            errors = stored["errors"].astype(np.float32)
    except UNREADABLE as e:
        raise _damaged(path, str(e) or type(e).__name__) from e
    *windows, steps = (table.shape for table in tables.values())
    if len(set(windows)) > 1 or errors.shape != (*steps, *windows[0]):
        raise _damaged(path, "its parts differ in length")
    return DataMap(digest, horizon, **tables, errors=errors)


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"{path}: a damaged data map ({reason.splitlines()[0]}); train anew with "
        "--data-map"
    )
