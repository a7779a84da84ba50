"""Looking into HDF5 files of strangers: no links to other files, no absurd shapes."""

from pathlib import Path
from typing import Any

import h5py

from koopcli.errors import DataError

LARGEST_RATIO = 1100
"""Deflate cannot shrink an array by more; HDF5 itself promises any size for free."""

UNREADABLE = (OSError, RuntimeError, KeyError, TypeError, ValueError, IndexError)
"""What h5py raises on damaged files, depending on where the damage is."""


def local(group: h5py.Group, name: str, kind: Any = object) -> Any:
    """Return a member of this kind, or None; links are not followed.

    The data must lie in the file that the user names, and soft links may form loops.
    """
    if name not in group:
        return None
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        return None
    return group[name] if isinstance(group[name], kind) else None


def check_size(path: Path, dataset: h5py.Dataset) -> None:
    """Refuse a shape that the file cannot hold, before memory is asked for.

    Raises:
        DataError: The file is damaged, or was never filled.
    """
    if dataset.nbytes > LARGEST_RATIO * path.stat().st_size:
        raise DataError(
            f"{path}: {dataset.name} has the shape {dataset.shape}, more than the file "
            "can hold; it is damaged"
        )
