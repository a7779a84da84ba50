"""From Arrow's columns to those of a table."""

from typing import Any

import numpy as np

from koopcli.data.table import Table
from koopcli.errors import DataError


def table(where: str, arrow: Any) -> tuple[Table, list[str]]:
    """Convert an Arrow table; lists of equal length become vectors.

    A column of structs becomes one column per field: `joint.angle`.

    Returns:
        The table, and the columns without any content, which it lacks.

    Raises:
        DataError: The lists of a column differ in length.
    """
    import pyarrow as pa

    while any(pa.types.is_struct(field.type) for field in arrow.schema):
        arrow = arrow.flatten()
    columns, empty = {}, []
    for name, column in zip(arrow.column_names, arrow.columns, strict=True):
        kind = column.type
        if column.null_count == len(column) and len(column):
            empty.append(name)
        elif (
            pa.types.is_list(kind)
            or pa.types.is_large_list(kind)
            or (pa.types.is_fixed_size_list(kind))
        ):
            columns[name] = _vectors(where, name, column)
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            columns[name] = np.array(column.fill_null("").to_pylist(), dtype=str)
        elif pa.types.is_boolean(kind) or pa.types.is_dictionary(kind):
            values = column.to_pylist()
            plain = [np.nan if v is None else v for v in values]
            columns[name] = np.array(plain)
        elif pa.types.is_timestamp(kind):
            columns[name] = _seconds(column)
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
            columns[name] = column.to_numpy()
    return Table(where, columns), empty


def _vectors(where: str, name: str, column: Any) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    if len(lengths) > 1:
        raise DataError(
            f"{where}: the lists in {name!r} differ in length: {sorted(map(str, lengths))}"
        )
    flat = pc.list_flatten(column)
    if not (pa.types.is_integer(flat.type) or pa.types.is_floating(flat.type)):
        raise DataError(f"{where}: the lists in {name!r} hold {flat.type}, not numbers")
    return flat.to_numpy().reshape(len(column), lengths[0] if lengths else 0)


def _seconds(column: Any) -> np.ndarray:
    # Since the first one: a float of seconds since 1970 would lose microseconds.
    values = column.to_numpy().astype("datetime64[ns]")
    missing = np.isnat(values)
    first = values[~missing][0]
    seconds = (values - first).astype("timedelta64[ns]").astype(np.float64) * 1e-9
    seconds[missing] = np.nan
    return seconds
