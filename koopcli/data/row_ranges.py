"""Row ranges and split columns: the parts of a table that its owner chose."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool

from koopcli.config.data import IngestConfig
from koopcli.data import ranges
from koopcli.data.mapping import Mapping
from koopcli.data.table import Table
from koopcli.errors import ConfigError, DataError

SPLITS = {"train": "train", "val": "val", "test": "test", "valid": "val"} | {
    "validation": "val",
    "training": "train",
    "testing": "test",
}
"""Names of splits that are understood."""

Borders = list[tuple[int, int, str | None]]
"""First row, row after the last one, and split."""


def chosen(
    table: Table, config: IngestConfig, *, final: bool = True
) -> tuple[Borders, Bool[np.ndarray, " row"]]:
    """Return the named row ranges, sorted, and which rows they cover; else all rows.

    Args:
        table: A table, or a piece of it; ranges count from the first row of all.
        config: Names the ranges.
        final: Whether no rows follow.

    Raises:
        ConfigError: Two ranges overlap.
        DataError: The table has fewer rows.
    """
    found: Borders = []
    for name in ("train", "val", "test"):
        for text in getattr(config, f"{name}_rows"):
            for part in ranges.parse(text, f"--{name}-rows"):
                found.append((part.start, part.stop, name))
    rows, first_row = table.first_row + table.rows, table.first_row
    if not found:
        return [(first_row, rows, None)], np.ones(table.rows, bool)
    found.sort()
    covered, end = np.zeros(table.rows, bool), 0
    for first, stop, split in found:
        if final and stop > rows:
            raise DataError(
                f"{table.where}: {split} rows {first}:{stop}, but it has {rows}"
            )
        if first < end:
            raise ConfigError(f"{split} rows {first}:{stop} overlap with another range")
        covered[max(0, first - first_row) : max(0, stop - first_row)] = True
        end = stop
    return found, covered


def split_of(
    table: Table, mapping: Mapping, borders: Borders
) -> Callable[[int], str | None]:
    """Return a function from the first row of an episode to its split, if it has one."""
    if mapping.split is not None:
        labels = table.scalars(mapping.split)

        def by_column(row: int) -> str | None:
            name = SPLITS.get(str(labels[row]).lower())
            if name is None:
                raise DataError(
                    f"{table.where}: row {table.first_row + row}: split "
                    f"{str(labels[row])!r} is none of train, val, test"
                )
            return name

        return by_column

    def by_range(row: int) -> str | None:
        place = table.first_row + row
        return next(split for first, stop, split in borders if first <= place < stop)

    return by_range
