"""Named columns of equal length: what NPZ, CSV, Parquet and MATLAB files have in common."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from koopcli.data.names import ALIASES
from koopcli.errors import DataError


@dataclass(frozen=True)
class Table:
    """Rows in the order of time, perhaps of several episodes.

    Attributes:
        where: The file (and its part), for messages.
        columns: By name; an array with two axes is a column of vectors. What lies on disk
            (`koopcli.data.on_disk`) becomes an array when a `part` is taken.
        first_row: Its first row as the file counts, where this is only a piece.
    """

    where: str
    columns: dict[str, Any]
    first_row: int = 0

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values()), ()))

    def after(self, gaps: Bool[np.ndarray, " gap"]) -> str:
        """Say where the first of some gaps between two rows is."""
        rows = np.flatnonzero(gaps)
        if not len(rows):
            return self.where
        return f"{self.where}, after row {self.first_row + rows[0]}"

    def part(self, rows: slice) -> "Table":
        """Return the rows start:stop, as views."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Table(self.where, columns, self.first_row + (rows.start or 0))

    def numbers(self, name: str) -> np.ndarray:
        """Return a column as floats with two axes; missing values are NaN.

        Raises:
            DataError: It holds something else.
        """
        values = self.columns[name]
        if values.dtype.kind not in "fiub":
            example = next((v for v in values.reshape(-1).tolist() if v), "")
            raise DataError(
                f"{self.where}: column {name!r} holds {example!r}, not numbers"
            )
        if values.dtype.kind != "f" or values.dtype.itemsize < 4:
            values = values.astype(np.float64)
        return values.reshape(len(values), -1)

    def scalars(self, name: str) -> np.ndarray:
        """Return a column of single values.

        Raises:
            DataError: It is a column of vectors.
        """
        values = self.columns[name]
        if values.ndim > 1 and values.shape[1:] != (1,):
            raise DataError(
                f"{self.where}: column {name!r} has shape {values.shape}, expected one "
                "value per row"
            )
        return values.reshape(-1)

    def names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return one name per number: vectors are numbered."""
        found = []
        for column in columns:
            values = self.columns[column]
            if values.ndim == 1:
                found.append(column)
            else:
                plural = [p for p in ALIASES if column in ALIASES[p]]
                prefix = plural[0].removesuffix("s") if plural else column
                width = int(np.prod(values.shape[1:]))
                found += [f"{prefix}[{i}]" for i in range(width)]
        return tuple(found)


def from_arrays(
    where: str, arrays: dict[str, Any], required: Container[str] = ()
) -> Table:
    """Make a table of arrays of N rows; those of N - 1 rows get an empty last row.

    An episode often has one action (and reward) fewer than it has observations. Arrays
    of other lengths (parameters, say) are left out unless they are `required`.

    Raises:
        DataError: There is nothing, or a required array has another length.
    """
    if not arrays:
        raise DataError(f"{where}: holds no arrays with rows")
    rows = max(len(values) for values in arrays.values())
    columns = {}
    for name, values in arrays.items():
        if len(values) < rows - 1 and name not in required:
            continue
        if len(values) == rows - 1 and values.dtype.kind in "fiub":
            kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
            empty = np.full((1, *values.shape[1:]), np.nan, kind)
            values = np.concatenate([values[:].astype(kind), empty])
        if len(values) != rows:
            longest = next(n for n, v in arrays.items() if len(v) == rows)
            raise DataError(
                f"{where}: {name!r} has {len(values)} rows, {longest!r} has {rows}"
            )
        columns[name] = values
    return Table(where, columns)
