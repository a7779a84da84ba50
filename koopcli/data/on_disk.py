"""Arrays that stay in a file: only slices of their rows take memory."""

import weakref
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np


class RowsOnDisk(ABC):
    """What can be sliced like an array, along its first axis first."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return rows, or parts of them, as NumPy would; a step must be 1."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if first is ...:
            first = slice(None)
        if not isinstance(first, slice):
            return self._slice(first, first + 1)[(0, *rest)]
        return self._slice(*first.indices(len(self))[:2])[(slice(None), *rest)]

    def _slice(self, start: int, stop: int) -> np.ndarray:
        shape = (max(0, stop - start), *self.shape[1:])
        return (
            self._rows(start, stop) if np.prod(shape) else np.empty(shape, self.dtype)
        )

    @abstractmethod
    def _rows(self, start: int, stop: int) -> np.ndarray:
        """Return the rows start:stop, of which there are some."""


class Held:
    """An open file, closed with the last array in it."""

    def __init__(self, file: IO[bytes]):
        """Take over `file`."""
        self.file = file
        weakref.finalize(self, file.close)


@dataclass(frozen=True)
class Layout:
    """How an array lies in a file.

    Attributes:
        shape: Its shape.
        fortran: Whether the first axis runs fastest.
        dtype: Kind of its values.
        offset: Bytes before its first value.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    offset: int


class OnDisk(RowsOnDisk):
    """An array in a file of its values."""

    def __init__(self, held: Held, layout: Layout):
        """Remember where the array lies in a file, and keep that open."""
        self._held, self._layout = held, layout
        self.shape = layout.shape
        self.dtype = layout.dtype.newbyteorder("=")

    def _rows(self, start: int, stop: int) -> np.ndarray:
        # Mapped for this slice alone: what was read before does not stay in memory.
        layout, shape, offset = self._layout, self.shape, self._layout.offset
        order: Any = "F" if layout.fortran else "C"
        if not layout.fortran:
            row = layout.dtype.itemsize * int(np.prod(shape[1:]))
            offset, shape = offset + start * row, (stop - start, *shape[1:])
            start, stop = 0, stop - start
        mapped = np.memmap(
            self._held.file, layout.dtype, "r", offset=offset, shape=shape, order=order
        )
        rows = mapped[start:stop]
        native = layout.dtype == self.dtype
        return rows if native and not layout.fortran else np.array(rows, self.dtype)


class TransposedDataset(RowsOnDisk):
    """A dataset of an HDF5 file with its axes reversed, opened for each slice."""

    def __init__(self, path: Path, dataset: h5py.Dataset):
        """Remember where `dataset` is, not the open file."""
        self._path, self._name = path, dataset.name
        self.shape, self.dtype = dataset.shape[::-1], dataset.dtype

    def _rows(self, start: int, stop: int) -> np.ndarray:
        with h5py.File(self._path, "r") as file:
            return np.asarray(file[self._name][..., start:stop]).T
