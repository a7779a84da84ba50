"""Columns of a dataset file that stay on disk until rows of them are asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Int
from numpy.typing import DTypeLike

from koopcli.errors import DataError

BLOCK_BYTES = 4 * 1024 * 1024
GAP = 64
"""Rows between two wanted ones that are read along: dearer is another read."""


@dataclass(frozen=True)
class Column:
    """Rows of an HDF5 file, indexed like an array by a slice or by row numbers.

    The file is opened for each access, so nothing has to be closed, and a file that was
    replaced meanwhile is not kept alive.

    Attributes:
        path: The file.
        name: Of the dataset in it.
        shape: Rows, and their columns if there is a second axis.
        dtype: What the numbers are turned into.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: DTypeLike

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | Int[np.ndarray, "..."]) -> np.ndarray:
        with self._opened() as column:
            if isinstance(rows, slice):
                return column[rows].astype(self.dtype, copy=False)
            return self._gather(column, rows)

    def sum(self) -> int:
        """Return the number of rows that are true."""
        return sum(int(self[block].sum()) for block in blocks(self))

    def _gather(self, column: h5py.Dataset, rows: np.ndarray) -> np.ndarray:
        # Each row once and in the order of the file: overlapping windows share rows, and
        # a compressed chunk is unpacked only once.
        wanted, place = np.unique(rows, return_inverse=True)
        found = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        cuts = np.flatnonzero(np.diff(wanted) > GAP) + 1
        done = 0
        for run in np.split(wanted, cuts) if len(wanted) else []:
            part = column[run[0] : run[-1] + 1]
            found[done : done + len(run)] = part[run - run[0]]
            done += len(run)
        return found[place.reshape(rows.shape)]

    @contextmanager
    def _opened(self) -> Iterator[h5py.Dataset]:
        try:
            with h5py.File(self.path, "r") as file:
                column = file[self.name]
                if column.shape != self.shape:
                    raise ValueError(f"{self.name} is not what it was")
                yield column
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataError(
                f"{self.path}: {self.name} cannot be read any more ({reason}); leave a "
                "dataset file in place while it is used, or ingest the source again"
            ) from error


def blocks(column: np.ndarray | Column) -> Iterator[slice]:
    """Cut the rows of a column into parts of `BLOCK_BYTES`, one after the other."""
    width = int(np.prod(column.shape[1:])) * np.dtype(column.dtype).itemsize
    rows = max(1, BLOCK_BYTES // max(1, width))
    for first in range(0, len(column), rows):
        yield slice(first, min(first + rows, len(column)))
