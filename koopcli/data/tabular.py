"""From tables to a source of episodes: the part that all table formats share."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from koopcli.config.choices import ActionAlign
from koopcli.config.data import IngestConfig
from koopcli.data import alignment, mapping, pieces, segments, time_boundaries, timeouts
from koopcli.data.environments import seconds_per_step, time_limit
from koopcli.data.episode import Episode
from koopcli.data.mapping import Mapping
from koopcli.data.readers import Source
from koopcli.data.remarks import Remarks
from koopcli.data.resampling import resample
from koopcli.data.table import Table
from koopcli.errors import DataError

RESAMPLED_REWARDS = "episodes whose rewards were left out: rewards cannot be resampled"
SAME_STEP = 1e-2
"""Files whose time steps differ by less than this share have the same one."""
Tables = Callable[[], Iterator[Iterable[Table]]]
"""Starts a pass over tables, each in pieces; one that has none is passed over."""


def open_tables(
    tables: Tables,
    files: tuple[Path, ...],
    config: IngestConfig,
    *,
    dt: float | None = None,
    dt_source: str = "",
    environment: str = "",
) -> Source:
    """Make a source of tables that all have the same columns.

    Args:
        tables: Starts a fresh pass over the tables, each in pieces.
        files: What the provenance hash covers.
        config: Settings.
        dt: Seconds between two rows, if the format itself knows; a time column of
            the table is more exact.
        dt_source: Where `dt` came from.
        environment: Name of a Gymnasium environment, if the format knows one.

    Raises:
        DataError: The first table has no usable columns.
    """
    first, rows = pieces.head(_first(tables()))
    if first is None or first.rows == 0:
        raise DataError(f"{first.where if first else files[0]}: holds no rows")
    columns = mapping.resolve(first, config)
    _check(first, columns, config)
    facts, _ = pieces.facts(rows, columns, config)
    found = _time_step(facts, config)
    if found is not None:
        dt, dt_source = found, f"time column {columns.time!r}"
        if config.resample is not None:
            dt_source = "--resample"
    elif config.resample is not None:
        raise DataError(f"{first.where}: --resample needs a time column (--time-col)")
    elif dt is None and environment:
        dt = seconds_per_step(environment)
        dt_source = f"environment {environment}" if dt else ""
    limit = config.max_episode_steps or time_limit(environment)
    warnings: list[str] = []
    dropped: Counter[str] = Counter()
    if found and config.dt and abs(found - config.dt) > SAME_STEP * found:
        warnings.append(
            f"--dt is {config.dt:g} s, but the time column says {found:g} s: is its unit "
            "right (--time-unit)?"
        )
    unused = [name for name in first.columns if name not in columns.used()]
    if unused:
        warnings.append(f"columns not used: {', '.join(unused)}")
    said = (warnings, dropped)
    return Source(
        observation_names=first.names(columns.observations),
        action_names=first.names(columns.actions),
        episodes=lambda: _episodes(tables, columns, config, (dt, limit), said),
        files=files,
        dt=dt,
        dt_source=dt_source,
        warnings=warnings,
        dropped=dropped,
    )


def _first(tables: Iterator[Iterable[Table]]) -> Iterator[Table]:
    # A table without any piece says that its rows belong to the next one.
    for table in tables:
        rows = iter(table)
        piece = next(rows, None)
        if piece is not None:
            yield piece
            yield from rows
            return


def _time_step(facts: segments.Facts, config: IngestConfig) -> float | None:
    return None if facts.step is None else config.resample or facts.step


def _check(table: Table, columns: Mapping, config: IngestConfig) -> None:
    following = columns.next_observations
    if following is None:
        return
    shape = table.numbers(following).shape
    if len(columns.observations) > 1 or (
        table.numbers(columns.observations[0]).shape != shape
    ):
        raise DataError(
            f"{table.where}: {following!r} does not have the shape of the observations"
        )
    if config.resample is not None:
        raise DataError(
            f"{table.where}: --resample cannot interpolate {following!r}; leave one out"
        )
    if config.action_align is ActionAlign.LAG:
        raise DataError(
            f"{table.where}: --action-align lag contradicts {following!r}, which says "
            "where the action of a row leads"
        )


def _episodes(
    tables: Tables,
    columns: Mapping,
    config: IngestConfig,
    known: tuple[float | None, int | None],
    said: tuple[list[str], Counter[str]],
) -> Iterator[Episode]:
    dt, limit = known
    remarks = Remarks()
    doubtful = columns.terminal is not None and columns.timeout is None
    if doubtful and limit is None:
        limit = timeouts.shared_limit(
            (episode.length, bool(episode.terminations[-1:].any()))
            for table in tables()
            for episode in _cut(table, columns, config, dt, Remarks())
        )
    for table in tables():
        for episode in _cut(table, columns, config, dt, remarks):
            if doubtful and timeouts.is_mistaken(episode, limit):
                remarks.count(timeouts.MISTAKEN, episode.source)
                yield timeouts.corrected(episode)
            else:
                yield episode
    warnings, dropped = said
    warnings += remarks.lines()
    dropped.update(remarks.dropped)


def _cut(
    table: Iterable[Table],
    columns: Mapping,
    config: IngestConfig,
    dt: float | None,
    remarks: Remarks,
) -> Iterator[Episode]:
    first, rows = pieces.head(iter(table), 1)
    if first is None:
        return
    missing = columns.used() - set(first.columns)
    if missing:
        raise DataError(f"{first.where}: lacks the columns {sorted(missing)}")
    if first.rows == 0:
        raise DataError(f"{first.where}: holds no rows")
    facts, rows = pieces.facts(rows, columns, config)
    found = _time_step(facts, config)
    if dt and found and abs(found - dt) > SAME_STEP * dt:
        raise DataError(
            f"{first.where}: its time step is {found:g} s, that of the first file "
            f"{dt:g} s; ingest them separately or give --resample"
        )
    number = 0
    for part, cuts in pieces.whole_episodes(rows, columns, config, facts, remarks):
        yield from _aligned(part, cuts.segments, number, columns, config, remarks)
        number += len(cuts.segments)


def _aligned(
    table: Table,
    found: list[segments.Segment],
    number: int,
    columns: Mapping,
    config: IngestConfig,
    remarks: Remarks,
) -> Iterator[Episode]:
    whole = _all_rows(table, columns)
    times = (
        None
        if columns.time is None
        else time_boundaries.seconds(table, columns, config)
    )
    for place, segment in enumerate(found, number):
        part = slice(segment.first, segment.stop)
        rows = whole.part(part)
        first, last = table.first_row + segment.first, table.first_row + segment.stop
        source = f"{table.where}: episode {place} (rows {first}-{last - 1})"
        if config.resample is not None and times is not None:
            if rows.rewards is not None:
                remarks.count(RESAMPLED_REWARDS, source)
            rows = resample(rows, times[part], config.resample, config.action_align)
        episode = alignment.episode(rows, config.action_align, source, remarks)
        yield replace(episode, split=segment.split)


def _all_rows(table: Table, columns: Mapping) -> alignment.Rows:
    def joined(names: tuple[str, ...]) -> np.ndarray:
        parts = [table.numbers(name) for name in names]
        return np.concatenate(parts, axis=1) if parts else np.zeros((table.rows, 0))

    reward, following = columns.reward, columns.next_observations
    if reward is not None:
        table.scalars(reward)
    return alignment.Rows(
        observations=joined(columns.observations),
        actions=joined(columns.actions),
        rewards=None if reward is None else table.numbers(reward).reshape(-1),
        terminal=segments.flags(table, columns.terminal),
        timeout=segments.flags(table, columns.timeout),
        following=None if following is None else table.numbers(following),
    )
