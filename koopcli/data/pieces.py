"""A table in pieces: a file larger than memory is read as a stream of small tables.

No episode is ever cut by the reading: the last one of a piece, which may go on, waits for
the next piece. What is found does not depend on the size of the pieces.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import segments
from koopcli.data.mapping import Mapping
from koopcli.data.remarks import Remarks
from koopcli.data.segments import Cuts, Facts, Place
from koopcli.data.table import Table
from koopcli.errors import DataError

HEAD_ROWS = 65_536
"""Rows at the start of a file that tell its time step and the scale of its columns."""


def cut(whole: Table) -> Iterator[Table]:
    """Yield a table whose columns may lie on disk piece by piece."""
    for first in range(0, whole.rows, HEAD_ROWS):
        yield whole.part(slice(first, first + HEAD_ROWS))


def joined(pieces: list[Table]) -> Table:
    """Put successive pieces of one table together.

    Raises:
        DataError: The vectors of a column differ in length.
    """
    first = pieces[0]
    if len(pieces) == 1:
        return first
    for piece in pieces[1:]:
        for name, values in piece.columns.items():
            expected = first.columns[name].shape[1:]
            if values.shape[1:] != expected:
                raise DataError(
                    f"{first.where}: the lists in {name!r} differ in length: "
                    f"{sorted([*map(str, expected), *map(str, values.shape[1:])])}"
                )
    columns = {n: np.concatenate([p.columns[n] for p in pieces]) for n in first.columns}
    return Table(first.where, columns, first.first_row)


def head(
    pieces: Iterator[Table], rows: int = HEAD_ROWS
) -> tuple[Table | None, Iterator[Table]]:
    """Return the first rows, and a stream that still has them; None if it is empty."""
    taken: list[Table] = []
    count = 0
    while count < rows and (piece := next(pieces, None)) is not None:
        taken.append(piece)
        count += piece.rows
    first = joined(taken).part(slice(0, rows)) if taken else None
    return first, chain(taken, pieces)


def facts(
    pieces: Iterator[Table], mapping: Mapping, config: IngestConfig
) -> tuple[Facts, Iterator[Table]]:
    """Return what the first rows say about the table, and a stream that has all rows.

    Raises:
        DataError: A column holds what it must not.
    """
    rows = HEAD_ROWS
    while True:
        first, pieces = head(pieces, rows)
        assert first is not None
        found = segments.facts(first, mapping, config)
        if mapping.time is None or found.step is not None or first.rows < rows:
            return found, pieces
        rows *= 2  # no two of these rows belong together: look further


def whole_episodes(
    pieces: Iterable[Table],
    mapping: Mapping,
    config: IngestConfig,
    facts: Facts,
    remarks: Remarks,
) -> Iterator[tuple[Table, Cuts]]:
    """Yield the rows of one or several finished episodes at a time, and their places.

    Raises:
        DataError: The boundaries contradict each other, or time is uneven.
    """
    seen: set = set()
    waiting: list[Table] = []
    missing, goes_on, closed = 0, False, False
    for piece, final in _last_marked(pieces):
        waiting.append(piece)
        missing -= piece.rows
        if missing > 0 and not final:
            continue
        table, waiting = joined(waiting), []
        place = Place(final, closed)
        cuts = segments.cut(table, mapping, config, facts, remarks, place)
        segments.check_labels(table, mapping, seen, goes_on=goes_on)
        if cuts.rest:
            yield table.part(slice(0, cuts.rest)), cuts
        waiting = [table.part(slice(cuts.rest, table.rows))]
        goes_on, closed = True, cuts.closed
        # Not before the rows have doubled: the time for a long episode stays linear.
        missing = table.rows - cuts.rest


def _last_marked(pieces: Iterable[Table]) -> Iterator[tuple[Table, bool]]:
    before = None
    for piece in pieces:
        if piece.rows == 0:
            continue
        if before is not None:
            yield before, False
        before = piece
    if before is not None:
        yield before, True
