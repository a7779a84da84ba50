"""A dataset in standard units, in a file without a name, from which windows are read.

The dataset file is compressed in chunks, and a window of a few kilobytes would unpack
hundreds. So the rows are written out once, plainly, state, action and reward side by
side: a window is then one read, and what was read before the operating system may still
hold. The file has no name: it is gone when the process is, however that ends.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from koopcli.data.columns import blocks
from koopcli.data.store import Dataset
from koopcli.errors import ConfigError
from koopcli.train.batches import standardise

SPARE_BYTES = 64 * 1024 * 1024
"""Disk space that is left for the models and the metrics of the run."""


@dataclass(frozen=True)
class Scratch:
    """Open rows: the state, and the action and reward of the step that begins there.

    Attributes:
        file: The rows, in the order of `Dataset.observations`; float32.
        columns: Numbers in each.
        folder: Where the file lies, for messages.
    """

    file: io.RawIOBase
    columns: int
    folder: Path

    def read(
        self,
        rows: Int[np.ndarray, " window"],
        known: Int[np.ndarray, " window"],
        windows: Float[np.ndarray, "window point column"],
    ) -> None:
        """Read `known` rows from each of `rows` on, as far as they fit, into `windows`.

        Raises:
            OSError: The file cannot be read.
        """
        # In the order of the disk.
        for window in np.argsort(rows).tolist():
            part = windows[window, : int(known[window])]
            self.file.seek(int(rows[window]) * self.columns * 4)
            self._fill(part.data.cast("B"))

    def _fill(self, view: memoryview) -> None:
        done = 0
        while done < len(view):
            count = self.file.readinto(view[done:])
            if not count:
                raise OSError(f"{self.folder}: the scratch copy of the data ends early")
            done += count


def row_bytes(dataset: Dataset) -> int:
    """Return the bytes of one row of a scratch copy."""
    return 4 * (
        len(dataset.observation_names)
        + len(dataset.action_names)
        + (dataset.rewards is not None)
    )


@contextmanager
def copied(dataset: Dataset, folder: Path) -> Iterator[Scratch]:
    """Write a scratch copy of a dataset into `folder`; it is gone afterwards.

    Raises:
        ConfigError: There is too little space.
        OSError: The copy cannot be written.
    """
    needed = len(dataset.observations) * row_bytes(dataset)
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise ConfigError(
            f"{folder}: a scratch copy of the data takes {needed / 1e9:.2f} GB of disk "
            f"while the run lasts, and {free / 1e9:.2f} GB are free; free some, choose "
            "another --output, or raise --memory-budget"
        )
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for part in _rows(dataset):
            _write(file, part.data.cast("B"), folder)
        yield Scratch(file, row_bytes(dataset) // 4, folder)


def _rows(dataset: Dataset) -> Iterator[Float[np.ndarray, "row column"]]:
    statistics = dataset.statistics
    width, inputs = len(dataset.observation_names), len(dataset.action_names)
    for block in blocks(dataset.observations):
        rows = np.arange(block.start, block.stop)
        episode = np.searchsorted(dataset.observation_starts, rows, side="right") - 1
        offset = rows - dataset.observation_starts[episode]
        # The last observation of an episode has no step; the steps of the others follow
        # each other without a gap.
        has_step = offset < dataset.lengths[episode]
        step = (dataset.step_starts[episode] + offset)[has_step]
        steps = slice(int(step[0]), int(step[-1]) + 1) if len(step) else slice(0, 0)
        part = np.zeros((len(rows), row_bytes(dataset) // 4), np.float32)
        observations = dataset.observations[block]
        part[:, :width] = standardise(observations, statistics.observations)
        actions = standardise(dataset.actions[steps], statistics.actions)
        part[has_step, width : width + inputs] = actions
        if dataset.rewards is not None and statistics.rewards is not None:
            rewards = standardise(dataset.rewards[steps], statistics.rewards)
            part[has_step, -1] = rewards
        yield part


def _write(file: io.RawIOBase, view: memoryview, folder: Path) -> None:
    try:
        done = 0
        while done < len(view):
            done += file.write(view[done:]) or 0
    except OSError as error:
        where = f"{folder} (scratch copy of the data)"
        raise OSError(error.errno, error.strerror, where) from error
