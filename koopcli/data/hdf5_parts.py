"""Looking into HDF5 files of strangers: no links to other files, no absurd shapes."""

import math
from pathlib import Path
from typing import Any

import h5py

from koopcli.errors import DataError

LARGEST_RATIO = 1100
"""Deflate cannot shrink an array by more; HDF5 itself promises any size for free."""

LARGEST_ATTRIBUTE = 2**26
"""Bytes of an attribute; koopcli's own longest, the provenance, has some kilobytes."""

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
    if _bytes(dataset) > LARGEST_RATIO * path.stat().st_size:
        raise DataError(
            f"{path}: {dataset.name} has the shape {dataset.shape}, more than the file "
            "can hold; it is damaged"
        )


def _bytes(dataset: h5py.Dataset) -> int:
    # Python's integers: `nbytes` overflows for the shapes that matter here.
    return math.prod(dataset.shape or (0,)) * dataset.dtype.itemsize


def check_attributes(path: Path, node: h5py.HLObject) -> None:
    """Refuse attributes that are absurdly large, before any of them is read.

    Raises:
        DataError: One is.
    """
    for name in node.attrs:
        size = node.attrs.get_id(name).get_storage_size()
        if size > LARGEST_ATTRIBUTE:
            raise DataError(
                f"{path}: the attribute {name!r} of {node.name} has {size} bytes; it is "
                "damaged"
            )


def check_whole(path: Path) -> None:
    """Check every part of a file that another package is going to read.

    Raises:
        DataError: It is no HDF5 file, leads to other files or in a circle, or promises
            more than it can hold.
    """
    try:
        with h5py.File(path, "r") as file:
            _check_group(path, file)
    except UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: not a readable HDF5 file ({reason})") from error


def _check_group(path: Path, file: h5py.File) -> None:
    seen, waiting = {_address(file)}, [file["/"]]
    while waiting:
        group = waiting.pop()
        check_attributes(path, group)
        for name in group:
            node = local(group, name)
            if node is None:
                raise DataError(
                    f"{path}: {group.name}: {name!r} is a link, perhaps to another "
                    "file; links are not followed"
                )
            if isinstance(node, h5py.Dataset):
                check_size(path, node)
                check_attributes(path, node)
            elif isinstance(node, h5py.Group):
                if _address(node) in seen:
                    raise DataError(f"{path}: {node.name} is in two places; damaged")
                seen.add(_address(node))
                waiting.append(node)


def _address(node: h5py.HLObject) -> int:
    return int(h5py.h5o.get_info(node.id).addr)
