"""Cuts a table into the rows of single episodes: no step may cross a boundary.

A boundary is where the episode column changes, after a terminal or a time-out, where
time runs backwards or leaves a gap, where the next observation is not that of the next
row, at the time limit, and at the ends of row ranges that the user names.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from koopcli.config.data import IngestConfig
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
    """The finished segments of some rows, and where an unfinished one begins.

    `closed` says that the flags before it end that one after its first row.
    """

    segments: list[Segment]
    rest: int
    closed: bool


@dataclass(frozen=True)
class Place:
    """How some rows lie in their file: whether none follow, and `Cuts.closed`."""

    final: bool = True
    closed: bool = False


@dataclass(frozen=True)
class Facts:
    """What the first rows of a file say about all of it.

    Attributes:
        step: The typical time step in seconds, if time is known.
        scale: Of the observations, where next observations may show hidden boundaries.
    """

    step: float | None
    scale: np.ndarray | None


def facts(head: Table, mapping: Mapping, config: IngestConfig) -> Facts:
    """Find out what must be known before a table is cut piece by piece.

    Raises:
        DataError: A column holds what it must not.
    """
    step = scale = None
    if mapping.time is not None:
        ends = _known(head, mapping, config, Place(final=False))[0]
        step = time_boundaries.step(head, mapping, config, ends)
    if mapping.next_observations is not None:
        scale = boundaries.scale(head.numbers(mapping.observations[0]))
    return Facts(step, scale)


def cut(
    table: Table,
    mapping: Mapping,
    config: IngestConfig,
    facts: Facts,
    remarks: Remarks,
    place: Place,
) -> Cuts:
    """Find the episodes of a table, or of a piece that begins with a new one.

    Unless it is the final piece, its last episode may go on in the next one. Rows are
    those of `table`, not of the file.

    Raises:
        DataError: The boundaries contradict each other, or time is uneven.
    """
    ends, borders, chosen, closed = _known(table, mapping, config, place)
    if mapping.time is not None:
        ends = time_boundaries.add(table, mapping, config, ends, facts.step, remarks)
    if mapping.next_observations is not None and facts.scale is not None:
        now = table.numbers(mapping.observations[0])
        following = table.numbers(mapping.next_observations)
        found = boundaries.hidden(now, following, facts.scale) & ~ends[:-1]
        remarks.count(HIDDEN, table.after(found), int(found.sum()))
        ends[:-1] |= found
    if config.max_episode_steps is not None and mapping.episode is None:
        ends |= boundaries.time_limits(ends, config.max_episode_steps)
    last = np.flatnonzero(ends)
    first = np.concatenate([[0], last[:-1] + 1])
    rest = table.rows if place.final else int(first[-1])
    remarks.drop(OUTSIDE, int((~chosen[:rest]).sum()))
    split_of = row_ranges.split_of(table, mapping, borders)
    found_segments = [
        Segment(start, stop + 1, split_of(start))
        for start, stop in zip(first.tolist(), last.tolist(), strict=True)
        if start < rest and chosen[start]
    ]
    return Cuts(found_segments, rest, closed and rest == table.rows - 1)


def check_labels(table: Table, mapping: Mapping, seen: set, *, goes_on: bool) -> None:
    """Refuse an episode that starts again; `seen` takes the labels of the rows.

    Args:
        table: The rows.
        mapping: Their columns.
        seen: The labels of all rows before.
        goes_on: Whether the first row belongs to an episode that was seen.

    Raises:
        DataError: A label comes back after another one.
    """
    if mapping.episode is None:
        return
    labels = table.scalars(mapping.episode)
    changes = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    for row in changes.tolist() if goes_on else [0, *changes.tolist()]:
        if labels[row] in seen:
            raise DataError(
                f"{table.where}: episode {labels[row]} starts again in row "
                f"{table.first_row + row}; sort the rows by episode, or number the "
                "episodes anew"
            )
        seen.add(labels[row])


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
            f"{table.where}: {name}[{table.first_row + bad[0]}] is "
            f"{numbers[bad[0]]:g}, not a flag (0, 1)"
        )
    return numbers == 1


def _known(
    table: Table, mapping: Mapping, config: IngestConfig, place: Place
) -> tuple[
    Bool[np.ndarray, " row"], row_ranges.Borders, Bool[np.ndarray, " row"], bool
]:
    # The last rows of episodes without a look at time and values; the row ranges, which
    # rows they cover, and whether the last row holds the end of an episode before it.
    ends = _labelled(table, mapping)
    over, closed = _flagged(table, mapping, ends)
    ends |= over
    ends[0] |= place.closed
    borders, chosen = row_ranges.chosen(table, config, final=place.final)
    edges = np.array([edge for first, stop, _ in borders for edge in (first, stop)])
    edges = edges[(edges > table.first_row)] - table.first_row - 1
    ends[edges[edges < table.rows]] = True
    ends[~chosen] = True  # what is left out may be uneven
    return ends, borders, chosen, closed


def _labelled(table: Table, mapping: Mapping) -> Bool[np.ndarray, " row"]:
    ends = np.zeros(table.rows, bool)
    ends[-1] = True
    for column in (mapping.episode, mapping.split):
        if column is not None:
            labels = table.scalars(column)
            ends[:-1] |= labels[1:] != labels[:-1]
    if mapping.episode is not None:
        labels = table.scalars(mapping.episode)
        if labels.dtype.kind == "f" and np.isnan(labels).any():
            row = table.first_row + int(np.flatnonzero(np.isnan(labels))[0])
            raise DataError(f"{table.where}: row {row} has no {mapping.episode!r}")
    return ends


def _flagged(
    table: Table, mapping: Mapping, ends: Bool[np.ndarray, " row"]
) -> tuple[Bool[np.ndarray, " row"], bool]:
    # The step that ends an episode may be followed by a row with its last observation.
    over = flags(table, mapping.terminal) | flags(table, mapping.timeout)
    closed = False
    if mapping.actions:
        actions = np.concatenate([table.numbers(n) for n in mapping.actions], axis=1)
        follows = over[:-1] & ~ends[:-1] & without_action(actions)[1:]
        rows = np.flatnonzero(follows)
        over[rows] = False
        over[rows + 1] = True
        closed = bool(follows[-1:].any())
    return over, closed
