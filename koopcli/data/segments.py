"""Cuts a table into the rows of single episodes: no step may cross a boundary.

A boundary is where the episode column changes, after a terminal or a time-out, where
time runs backwards or leaves a gap, where the next observation is not that of the next
row, at the time limit, and at the ends of row ranges that the user names.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from koopcli.config import IngestConfig
from koopcli.data import boundaries, row_ranges, time_boundaries
from koopcli.data.alignment import without_action
from koopcli.data.mapping import Mapping
from koopcli.data.remarks import Remarks
from koopcli.data.table import Table
from koopcli.errors import DataError

OUTSIDE = "outside the named row ranges"
HIDDEN = (
    "hidden episode boundaries, where the next observation is not that of the next "
    "row: the episodes were split there"
)


@dataclass(frozen=True)
class Segment:
    """Rows first:stop of one episode, and the split its owner put it in."""

    first: int
    stop: int
    split: str | None


@dataclass(frozen=True)
class Cuts:
    """The segments of a table and the time step within them (if time is known)."""

    segments: list[Segment]
    dt: float | None


def cut(table: Table, mapping: Mapping, config: IngestConfig, remarks: Remarks) -> Cuts:
    """Find the episodes of a table.

    Raises:
        DataError: The boundaries contradict each other, or time is uneven.
    """
    ends = _labelled(table, mapping, remarks)
    ends |= _flagged(table, mapping, config, ends)
    borders, chosen = row_ranges.chosen(table, config)
    ends[[stop - 1 for _, stop, _ in borders]] = True
    ends[~chosen] = True  # what is left out may be uneven
    starts = [first for first, _, _ in borders if first > 0]
    ends[[first - 1 for first in starts]] = True
    dt = None
    if mapping.time is not None:
        ends, dt = time_boundaries.add(table, mapping, config, ends, remarks)
    if mapping.next_observations is not None:
        now = table.numbers(mapping.observations[0])
        found = boundaries.hidden(now, table.numbers(mapping.next_observations))
        found &= ~ends[:-1]
        remarks.count(HIDDEN, table.after(found), int(found.sum()))
        ends[:-1] |= found
    if config.max_episode_steps is not None and mapping.episode is None:
        ends |= boundaries.time_limits(ends, config.max_episode_steps)
    remarks.drop(OUTSIDE, int((~chosen).sum()))
    last = np.flatnonzero(ends)
    first = np.concatenate([[0], last[:-1] + 1])
    split_of = row_ranges.split_of(table, mapping, borders)
    return Cuts(
        [
            Segment(start, stop + 1, split_of(start))
            for start, stop in zip(first.tolist(), last.tolist(), strict=True)
            if chosen[start]
        ],
        dt,
    )


def flags(table: Table, name: str | None) -> Bool[np.ndarray, " row"]:
    """Return a column of true and false; an empty cell is false.

    Raises:
        DataError: It holds something else.
    """
    if name is None:
        return np.zeros(table.rows, bool)
    values = table.scalars(name)
    if values.dtype.kind in "OU":
        words = np.char.lower(values.astype(str))
        if np.isin(words, ("true", "false", "")).all():
            return words == "true"
    numbers = np.nan_to_num(table.numbers(name).reshape(-1))
    bad = np.flatnonzero((numbers != 0) & (numbers != 1))
    if len(bad):
        raise DataError(
            f"{table.where}: {name}[{bad[0]}] is {numbers[bad[0]]:g}, not a flag (0, 1)"
        )
    return numbers == 1


def _labelled(
    table: Table, mapping: Mapping, remarks: Remarks
) -> Bool[np.ndarray, " row"]:
    ends = np.zeros(table.rows, bool)
    ends[-1] = True
    for column in (mapping.episode, mapping.split):
        if column is not None:
            labels = table.scalars(column)
            ends[:-1] |= labels[1:] != labels[:-1]
    if mapping.episode is not None:
        labels = table.scalars(mapping.episode)
        if labels.dtype.kind == "f" and np.isnan(labels).any():
            row = int(np.flatnonzero(np.isnan(labels))[0])
            raise DataError(f"{table.where}: row {row} has no {mapping.episode!r}")
        firsts = np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1])
        seen = set()
        for row in firsts.tolist():
            if labels[row] in seen:
                raise DataError(
                    f"{table.where}: episode {labels[row]} starts again in row {row}; "
                    "sort the rows by episode, or number the episodes anew"
                )
            seen.add(labels[row])
    return ends


def _flagged(
    table: Table, mapping: Mapping, config: IngestConfig, ends: Bool[np.ndarray, " row"]
) -> Bool[np.ndarray, " row"]:
    # The step that ends an episode may be followed by a row with its last observation.
    over = flags(table, mapping.terminal) | flags(table, mapping.timeout)
    if mapping.actions:
        actions = np.concatenate([table.numbers(n) for n in mapping.actions], axis=1)
        follows = over[:-1] & ~ends[:-1] & without_action(actions)[1:]
        rows = np.flatnonzero(follows)
        over[rows] = False
        over[rows + 1] = True
    return over
