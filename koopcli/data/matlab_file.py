"""Reading the variables of a MATLAB file, of version 7.3 (HDF5) or older.

Numbers become arrays, which stay in the file if they are large, structs dictionaries,
struct arrays and cells lists. Text, objects and function handles are left out.
"""

import errno
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from koopcli.data import matlab5
from koopcli.data.hdf5_parts import UNREADABLE, check_attributes, check_size, local
from koopcli.data.on_disk import TransposedDataset
from koopcli.errors import DataError

HELD = 2**14
"""Bytes up to which an array is simply read."""


def variables(path: Path) -> dict[str, Any]:
    """Read all variables.

    Raises:
        DataError: The file is damaged.
        OSError: There is no room to unpack it.
    """
    read = _hdf5 if h5py.is_hdf5(path) else _older
    try:
        found = read(path)
    except UNREADABLE as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        raise DataError(f"{path}: not a readable MATLAB file ({error})") from error
    return {name: value for name, value in found.items() if value is not None}


def _older(path: Path) -> dict[str, Any]:
    return matlab5.variables(path)


def _hdf5(path: Path) -> dict[str, Any]:
    with h5py.File(path, "r") as file:
        return {
            name: _node(path, file, file[name], 0)
            for name in file
            if not name.startswith("#") and local(file, name)
        }


def _node(path: Path, file: h5py.File, node: Any, depth: int) -> Any:
    if depth > matlab5.DEEPEST:  # also ends loops of references
        return None
    if isinstance(node, h5py.Group):
        parts = {
            name: _node(path, file, node[name], depth + 1)
            for name in node
            if local(node, name)
        }
        return _struct_array(parts) if _is_struct_array(node) else parts
    if h5py.check_ref_dtype(node.dtype) is h5py.Reference:
        return [_node(path, file, file[ref], depth + 1) for ref in node[()].reshape(-1)]
    check_attributes(path, node)
    kind = node.attrs.get("MATLAB_class", b"double")
    if node.dtype.kind not in "fiub" or kind in (b"char", b"function_handle"):
        return None
    if node.attrs.get("MATLAB_empty", 0):
        return np.zeros((0, 0))
    check_size(path, node)
    if node.nbytes > HELD and node.ndim == 2:
        return TransposedDataset(path, node)
    return np.asarray(node[()]).T  # MATLAB's first axis is HDF5's last


def _is_struct_array(group: h5py.Group) -> bool:
    # Each field of a struct array is a list of references, as long as the array.
    members = [group[name] for name in group if local(group, name)]
    return bool(members) and all(
        isinstance(member, h5py.Dataset)
        and h5py.check_ref_dtype(member.dtype) is h5py.Reference
        and "MATLAB_class" not in member.attrs
        for member in members
    )


def _struct_array(fields: dict[str, list[Any]]) -> list[dict[str, Any]]:
    count = min(len(values) for values in fields.values())
    return [{name: fields[name][i] for name in fields} for i in range(count)]
