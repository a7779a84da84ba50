"""Row ranges and split columns: the parts of a table that its owner chose."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool

from koopcli.config import IngestConfig
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
    table: Table, config: IngestConfig
) -> tuple[Borders, Bool[np.ndarray, " row"]]:
    """Return the named row ranges, sorted, and which rows they cover; else all rows.

    Raises:
        ConfigError: Two ranges overlap.
        DataError: The table has fewer rows.
    """
    found: Borders = []
    for name in ("train", "val", "test"):
        for text in getattr(config, f"{name}_rows"):
            for part in ranges.parse(text, f"--{name}-rows"):
                found.append((part.start, part.stop, name))
    if not found:
        return [(0, table.rows, None)], np.ones(table.rows, bool)
    found.sort()
    covered = np.zeros(table.rows, bool)
    for first, stop, split in found:
        if stop > table.rows:
            raise DataError(
                f"{table.where}: {split} rows {first}:{stop}, but it has {table.rows}"
            )
        if covered[first:stop].any():
            raise ConfigError(f"{split} rows {first}:{stop} overlap with another range")
        covered[first:stop] = True
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
                    f"{table.where}: row {row}: split {str(labels[row])!r} is none of "
                    "train, val, test"
                )
            return name

        return by_column

    def by_range(row: int) -> str | None:
        return next(split for first, stop, split in borders if first <= row < stop)

    return by_range
