"""Reads a start state and actions that a user wrote down: CSV, NPZ or NPY.

A CSV file has one row per step, with or without a line of column names in front. An NPZ
file holds one array; pickled objects are refused.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float

from koopcli.errors import DataError, ModelError

SUFFIXES = (".csv", ".npz", ".npy")


@dataclass(frozen=True)
class Table:
    """Rows of numbers.

    Attributes:
        values: One row per step.
        names: The header, if there is one.
        flat: Whether the file holds a plain list of numbers, which may mean one row or
            one column.
    """

    values: Float[np.ndarray, "rows columns"]
    names: tuple[str, ...] | None = None
    flat: bool = False


def read(path: Path) -> Table:
    """Read one file.

    Raises:
        DataError: It is missing, of another kind, empty, ragged, or not all finite.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path}: must end in one of {', '.join(SUFFIXES)}")
    try:
        table = _read_csv(path) if suffix == ".csv" else _read_numpy(path)
    except (OSError, ValueError, EOFError, csv.Error, BadZipFile) as error:
        raise DataError(f"{path}: cannot read it as {suffix[1:]} ({error})") from error
    if table.values.size == 0:
        raise DataError(f"{path}: holds no numbers; one row per step is needed")
    if not np.isfinite(table.values).all():
        row, column = np.argwhere(~np.isfinite(table.values))[0]
        raise DataError(
            f"{path}: NaN or infinite value in row {row}, column {column} (from 0)"
        )
    return table


def columns(
    table: Table, names: tuple[str, ...], path: Path
) -> Float[np.ndarray, "rows columns"]:
    """Return the columns in the model's order, matched by name if there is a header.

    Raises:
        ModelError: Their number or their names are not the model's.
    """
    values = table.values.T if table.flat and len(names) == 1 else table.values
    found = values.shape[1]
    if found != len(names):
        raise ModelError(
            f"{path}: has {found} columns, the model needs {len(names)}: "
            f"{', '.join(names)}"
        )
    if table.names is None:
        return values
    if sorted(table.names) != sorted(names):
        raise ModelError(
            f"{path}: columns are {', '.join(table.names)}; the model needs "
            f"{', '.join(names)}"
        )
    return values[:, [table.names.index(name) for name in names]]


def _read_csv(path: Path) -> Table:
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    names = None
    if rows and not _numeric(rows[0]):
        names = tuple(cell.strip() for cell in rows.pop(0))
    if len({len(row) for row in rows}) > 1:
        raise ValueError("rows of different lengths")
    if not rows:
        return Table(np.zeros((0, 0)), names)
    values = np.array([[float(cell) for cell in row] for row in rows], dtype=np.float64)
    if names is not None and len(names) != values.shape[1]:
        raise ValueError(f"{len(names)} column names for {values.shape[1]} columns")
    return Table(values, names)


def _numeric(row: list[str]) -> bool:
    try:
        [float(cell) for cell in row]
    except ValueError:
        return False
    return True


def _read_numpy(path: Path) -> Table:
    with open(path, "rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            if len(loaded.files) != 1:
                raise ValueError(f"holds {len(loaded.files)} arrays, expected one")
            loaded = loaded[loaded.files[0]]
    if loaded.dtype.kind not in "fiub" or loaded.ndim > 2:
        raise ValueError(
            f"expected numbers in one or two dimensions, got {loaded.dtype} of shape "
            f"{loaded.shape}"
        )
    values = np.atleast_2d(loaded).astype(np.float64)
    return Table(values, flat=loaded.ndim < 2)
