"""The columns of D4RL's flat HDF5: which ones there are, and that they fit together."""

from pathlib import Path

import h5py

from koopcli.data.hdf5_parts import check_size, local
from koopcli.data.names import ALIASES
from koopcli.errors import DataError


def find(file: h5py.File, name: str) -> str | None:
    """Return the name under which a file has observations, actions, ..., if it has."""
    return next((a for a in ALIASES[name] if local(file, a) is not None), None)


def find_columns(path: Path, file: h5py.File) -> dict[str, str]:
    """Return the name of each column by its meaning.

    Raises:
        DataError: A column is missing or empty, or has the wrong shape.
    """
    found = {name: find(file, name) for name in ALIASES}
    columns = {name: alias for name, alias in found.items() if alias is not None}
    for name in ("observations", "actions", "terminals"):
        if name not in columns:
            raise DataError(
                f"{path}: no {name!r} (looked for {', '.join(ALIASES[name])}); "
                "is this a D4RL file?"
            )
    rows = None
    for name, alias in columns.items():
        column = file[alias]
        if not isinstance(column, h5py.Dataset) or column.dtype.kind not in "fiub":
            raise DataError(f"{path}: {alias!r} is not an array of numbers")
        check_size(path, column)
        autonomous = name == "actions" and column.shape[1:] == (0,)
        if 0 in column.shape[:1] or (column.size == 0 and not autonomous):
            raise DataError(f"{path}: {alias!r} is empty (shape {column.shape})")
        wide = name in ("observations", "actions", "next_observations")
        shape = column.shape
        if len(shape) != 2 if wide else not (len(shape) == 1 or shape[1:] == (1,)):
            expected = "two axes (rows, columns)" if wide else "one axis"
            raise DataError(f"{path}: {alias!r} has shape {shape}, expected {expected}")
        rows = shape[0] if rows is None else rows
        if shape[0] != rows:
            raise DataError(
                f"{path}: {alias!r} has {shape[0]} rows, {columns['observations']!r} "
                f"has {rows}"
            )
    if "next_observations" in columns:
        wide_names = (columns["observations"], columns["next_observations"])
        if file[wide_names[0]].shape != file[wide_names[1]].shape:
            raise DataError(
                f"{path}: {wide_names[0]!r} and {wide_names[1]!r} differ in shape"
            )
    return columns


def find_observed(
    path: Path, file: h5py.File, columns: dict[str, str], keys: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the columns that make up the observations: those of `keys`, if any.

    Raises:
        DataError: A key is not there, or is not one row of numbers per step.
    """
    usual = columns["observations"]
    rows = len(file[usual])
    for key in keys:
        column: h5py.File | h5py.Dataset | None = file
        for part in key.split("/"):
            inside = isinstance(column, h5py.Group) and part
            column = local(column, part) if inside else None
        if not isinstance(column, h5py.Dataset):
            raise DataError(
                f"{path}: --obs-keys {key}: no such column; there are "
                f"{', '.join(_columns_like(file, rows))}"
            )
        check_size(path, column)
        shape = column.shape
        if (
            len(shape) not in (1, 2)
            or shape[0] != rows
            or column.dtype.kind not in "fiub"
        ):
            raise DataError(
                f"{path}: {key!r} has shape {shape}; expected {rows} rows of numbers, as "
                f"{usual!r} has"
            )
    return keys or (usual,)


def names_of(
    file: h5py.File, columns: dict[str, str], observed: tuple[str, ...]
) -> tuple[str, ...]:
    """Return one name per number: `observation[0]`, `infos/qpos[0]`."""
    meaning = {alias: name.removesuffix("s") for name, alias in columns.items()}
    found: list[str] = []
    for alias in observed:
        shape, name = file[alias].shape, meaning.get(alias, alias)
        if len(shape) == 1:
            found.append(name)
        else:
            found += [f"{name}[{i}]" for i in range(shape[1])]
    return tuple(found)


def _columns_like(file: h5py.File, rows: int) -> list[str]:
    groups = [("", file), ("infos/", local(file, "infos", h5py.Group) or {})]
    return [
        f"{prefix}{name}"
        for prefix, group in groups
        for name in group
        if isinstance(part := local(group, name), h5py.Dataset)
        and part.shape[:1] == (rows,)
    ]
