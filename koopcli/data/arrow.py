"""From Arrow's columns to those of a table."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from koopcli.data.table import Table
from koopcli.errors import DataError


def tables(where: str, parts: Iterable[Any], empty: set[str]) -> Iterator[Table]:
    """Convert successive Arrow tables of one file; lists of equal length become vectors.

    A column of structs becomes one column per field: `joint.angle`.

    Args:
        where: The file, for messages.
        parts: Arrow tables of one schema.
        empty: Columns to leave out, from `empty_columns`.

    Raises:
        DataError: The lists of a column differ in length.
    """
    row = 0
    starts: dict[str, Any] = {}
    for part in parts:
        flat = _flattened(part)
        columns: dict[str, np.ndarray] = {}
        for name, column in zip(flat.column_names, flat.columns, strict=True):
            if name not in empty:
                values = _values(where, name, column, starts)
                columns |= {} if values is None else {name: values}
        yield Table(where, columns, row)
        row += part.num_rows


def empty_columns(parts: Iterable[Any]) -> set[str]:
    """Return the columns without any content; stops reading where there can be none."""
    left: set[str] | None = None
    for part in parts:
        flat = _flattened(part)
        found = {
            name
            for name, column in zip(flat.column_names, flat.columns, strict=True)
            if column.null_count == len(column) and len(column)
        }
        left = found if left is None else left & found
        if not left:
            break
    return left or set()


def _flattened(arrow: Any) -> Any:
    import pyarrow as pa

    while any(pa.types.is_struct(field.type) for field in arrow.schema):
        arrow = arrow.flatten()
    return arrow


def _values(
    where: str, name: str, column: Any, starts: dict[str, Any]
) -> np.ndarray | None:
    import pyarrow as pa

    kind = column.type
    if (
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or (pa.types.is_fixed_size_list(kind))
    ):
        return _vectors(where, name, column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array(column.fill_null("").to_pylist(), dtype=str)
    if pa.types.is_boolean(kind) or pa.types.is_dictionary(kind):
        values = column.to_pylist()
        return np.array([np.nan if v is None else v for v in values])
    if pa.types.is_timestamp(kind):
        return _seconds(name, column, starts)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return column.to_numpy()
    return None


def _vectors(where: str, name: str, column: Any) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    if len(lengths) > 1 or None in lengths:
        raise DataError(
            f"{where}: the lists in {name!r} differ in length: {sorted(map(str, lengths))}"
        )
    flat = pc.list_flatten(column)
    if not (pa.types.is_integer(flat.type) or pa.types.is_floating(flat.type)):
        raise DataError(f"{where}: the lists in {name!r} hold {flat.type}, not numbers")
    return flat.to_numpy().reshape(len(column), lengths[0] if lengths else 0)


def _seconds(name: str, column: Any, starts: dict[str, Any]) -> np.ndarray:
    # Since the first one: a float of seconds since 1970 would lose microseconds.
    values = column.to_numpy().astype("datetime64[ns]")
    missing = np.isnat(values)
    if not missing.all():
        starts.setdefault(name, values[~missing][0])
    since = values - starts.get(name, np.datetime64("nat"))
    seconds = since.astype("timedelta64[ns]").astype(np.float64) * 1e-9
    seconds[missing] = np.nan
    return seconds
