"""CSV and Parquet: one row per observation, and a mapping file that says what is what.

The last row of an episode holds its last observation and no action; the marks of its end
are there too. Where that observation is unknown, the last row is the last step.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data.episode import Episode
from koopcli.data.exporters import About, batches, check_ends
from koopcli.data.mapping import ROLES
from koopcli.data.names import ALIASES
from koopcli.errors import DataError

RESERVED = {name for names in ROLES.values() for name in names} | {
    *ALIASES["next_observations"]
}
"""Names that would not be taken for observations or actions."""


def columns(
    episodes: Iterable[Episode], about: About, kind: str
) -> tuple[IngestConfig, list[str]]:
    """Return how `ingest` must read the columns that are written, and remarks.

    Raises:
        DataError: The format cannot hold an episode.
    """
    remarks = check_ends(episodes, kind)
    rewarded = False
    for episode in episodes:
        rewarded |= episode.rewards is not None
        if not about.notes.action_names and not episode.last_observation_known:
            raise DataError(
                f"{episode.source}: has neither actions nor a last observation, so that "
                f"{kind} cannot tell its last step; choose d4rl"
            )
    observations, actions = _names(about)
    if (observations, actions) != (
        about.notes.observation_names,
        about.notes.action_names,
    ):
        remarks.append("columns were renamed, since their names mean something else")
    config = IngestConfig(
        dt=about.notes.dt,
        obs_cols=observations,
        action_cols=actions,
        reward_col="reward" if rewarded else None,
        terminal_col="terminal",
        timeout_col="timeout",
        episode_col="episode",
        split_col="split" if about.with_splits else None,
    )
    return config, remarks


def tables(episodes: Iterable[Episode], config: IngestConfig) -> Iterator[Any]:
    """Yield Arrow tables with the rows of some episodes each."""
    first = 0
    for group in batches(episodes):
        yield _table(group, first, config)
        first += len(group)


def _table(episodes: list[Episode], first: int, config: IngestConfig) -> Any:
    import pyarrow as pa

    rows = [len(episode.observations) for episode in episodes]
    last = np.cumsum(rows) - 1
    owner = np.repeat(np.arange(len(rows)), rows)
    found = {"episode": pa.array(first + owner)}
    if config.split_col is not None:
        found["split"] = pa.array([episode.split for episode in episodes]).take(owner)
    wide = np.concatenate([episode.observations for episode in episodes])
    found |= {n: pa.array(v) for n, v in zip(config.obs_cols, wide.T, strict=True)}
    wide = np.concatenate([_filled(e.actions, e) for e in episodes])
    found |= {n: _cells(v) for n, v in zip(config.action_cols, wide.T, strict=True)}
    rewards = [
        _filled(e.rewards[:, None], e) for e in episodes if e.rewards is not None
    ]
    if rewards:
        found["reward"] = _cells(np.concatenate(rewards)[:, 0])
    for name, kind_of_end in (("terminal", "terminations"), ("timeout", "truncations")):
        marks = np.zeros(sum(rows), bool)
        marks[last] = [getattr(episode, kind_of_end)[-1] for episode in episodes]
        found[name] = pa.array(marks)
    return pa.table(found)


def write(path: Path, made: Iterable[Any], kind: str) -> None:
    """Write Arrow tables of one schema as csv or parquet."""
    from pyarrow import csv, parquet

    parts = iter(made)
    first = next(parts)
    writer = csv.CSVWriter if kind == "csv" else parquet.ParquetWriter
    with writer(path, first.schema) as file:
        for part in chain([first], parts):
            file.write(part)


def _names(about: About) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # As they are, if `ingest` can tell them apart from each other and from the rest.
    names = (*about.notes.observation_names, *about.notes.action_names)
    clear = len({name.lower() for name in names}) == len(names) and all(
        name and name == name.strip() and name.isprintable() for name in names
    )
    if clear and not RESERVED & {name.lower() for name in names}:
        return about.notes.observation_names, about.notes.action_names
    return (
        tuple(f"observation[{i}]" for i in range(len(about.notes.observation_names))),
        tuple(f"action[{i}]" for i in range(len(about.notes.action_names))),
    )


def _filled(values: np.ndarray, episode: Episode) -> np.ndarray:
    # An empty row beside the last observation.
    missing = len(episode.observations) - episode.length
    empty = np.full((missing, values.shape[1]), np.nan, values.dtype)
    return np.concatenate([values, empty])


def _cells(values: np.ndarray) -> Any:
    import pyarrow as pa

    return pa.array(values, mask=np.isnan(values))
