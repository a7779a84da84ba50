"""What the time column says about boundaries: time starts anew, or leaves a gap."""

import numpy as np
from jaxtyping import Bool, Float

from koopcli.config.data import IngestConfig
from koopcli.data import timing
from koopcli.data.mapping import Mapping
from koopcli.data.remarks import Remarks
from koopcli.data.table import Table
from koopcli.errors import DataError

GAPS = "gaps in time: the episodes were split there"
RESTARTS = "times at which time starts anew: the episodes were split there"
JITTER = "the time steps vary; largest deviation, in steps:"


def step(
    table: Table, mapping: Mapping, config: IngestConfig, ends: Bool[np.ndarray, " row"]
) -> float | None:
    """Return the typical time step within the known episodes of the first rows.

    It is None if no two of the rows belong together.
    """
    differences = np.diff(seconds(table, mapping, config))
    inside = differences[~ends[:-1] & (differences > 0)]
    return timing.step(inside) if len(inside) else None


def add(
    table: Table,
    mapping: Mapping,
    config: IngestConfig,
    ends: Bool[np.ndarray, " row"],
    dt: float | None,
    remarks: Remarks,
) -> Bool[np.ndarray, " row"]:
    """Add the boundaries that time shows to the known `ends` of episodes.

    Args:
        table: Some rows of a file.
        mapping: Its columns.
        config: Settings.
        ends: The last row of each episode, as far as known.
        dt: The typical time step of the file, from `step`.
        remarks: Takes what was found.

    Raises:
        DataError: Time stands still, runs backwards in an episode, or is uneven.
    """
    differences = np.diff(seconds(table, mapping, config))
    inside = ~ends[:-1]
    still = inside & (differences == 0)
    if still.any():
        raise DataError(
            f"{table.after(still)}: time stands still; remove repeated rows"
        )
    back = inside & (differences < 0)
    if back.any():
        if mapping.episode is not None:
            raise DataError(f"{table.after(back)}: time runs backwards in an episode")
        remarks.count(RESTARTS, table.after(back), int(back.sum()))
        inside &= ~back
    if dt is None or not inside.any():
        return _with(ends, back)
    longest = (timing.GAP if config.resample is None else timing.GAP_RESAMPLED) * dt
    gaps = inside & (differences > longest)
    remarks.count(GAPS, table.after(gaps), int(gaps.sum()))
    inside &= ~gaps
    if config.resample is None:
        found = timing.jitter(differences[inside], dt, table.where)
        if found > 1e-3:
            remarks.largest(JITTER, found)
    return _with(ends, back | gaps)


def seconds(
    table: Table, mapping: Mapping, config: IngestConfig
) -> Float[np.ndarray, " row"]:
    """Return the time column in seconds.

    Raises:
        DataError: A time is missing.
    """
    assert mapping.time is not None
    column = table.scalars(mapping.time)
    table.numbers(mapping.time)
    unit = timing.unit(mapping.time, config.time_unit)
    times = column.astype(np.float64) * timing.SECONDS[unit]
    bad = np.flatnonzero(~np.isfinite(times))
    if len(bad):
        raise DataError(
            f"{table.where}: row {table.first_row + bad[0]} has no {mapping.time!r}"
        )
    return times


def _with(
    ends: Bool[np.ndarray, " row"], gaps: Bool[np.ndarray, " gap"]
) -> Bool[np.ndarray, " row"]:
    result = ends.copy()
    result[:-1] |= gaps
    return result
