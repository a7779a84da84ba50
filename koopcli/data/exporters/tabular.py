"""CSV and Parquet: one row per observation, and a mapping file that says what is what.

The last row of an episode holds its last observation and no action; the marks of its end
are there too. Where that observation is unknown, the last row is the last step.
"""

from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config import IngestConfig
from koopcli.data.episode import Episode
from koopcli.data.exporters import About, check_ends
from koopcli.data.mapping import ROLES
from koopcli.data.names import ALIASES
from koopcli.errors import DataError

RESERVED = {name for names in ROLES.values() for name in names} | {
    *ALIASES["next_observations"]
}
"""Names that would not be taken for observations or actions."""


def table(
    episodes: list[Episode], about: About, kind: str
) -> tuple[Any, IngestConfig, list[str]]:
    """Return an Arrow table, how `ingest` must read it, and remarks.

    Raises:
        DataError: The format cannot hold an episode.
    """
    import pyarrow as pa

    remarks = check_ends(episodes, kind)
    for episode in episodes:
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
    rows = [len(episode.observations) for episode in episodes]
    last = np.cumsum(rows) - 1
    columns = {"episode": pa.array(np.repeat(np.arange(len(rows)), rows))}
    if about.with_splits:
        labels = pa.array([episode.split for episode in episodes])
        columns["split"] = labels.take(columns["episode"])
    wide = np.concatenate([episode.observations for episode in episodes])
    columns |= {n: pa.array(v) for n, v in zip(observations, wide.T, strict=True)}
    wide = np.concatenate([_filled(e.actions, e) for e in episodes])
    columns |= {n: _cells(v) for n, v in zip(actions, wide.T, strict=True)}
    rewards = [
        _filled(e.rewards[:, None], e) for e in episodes if e.rewards is not None
    ]
    if rewards:
        columns["reward"] = _cells(np.concatenate(rewards)[:, 0])
    for name, kind_of_end in (("terminal", "terminations"), ("timeout", "truncations")):
        marks = np.zeros(sum(rows), bool)
        marks[last] = [getattr(episode, kind_of_end)[-1] for episode in episodes]
        columns[name] = pa.array(marks)
    config = IngestConfig(
        dt=about.notes.dt,
        obs_cols=observations,
        action_cols=actions,
        reward_col="reward" if rewards else None,
        terminal_col="terminal",
        timeout_col="timeout",
        episode_col="episode",
        split_col="split" if about.with_splits else None,
    )
    return pa.table(columns), config, remarks


def write(path: Path, made: Any, kind: str) -> None:
    """Write an Arrow table as csv or parquet."""
    if kind == "csv":
        from pyarrow import csv

        csv.write_csv(made, path)
    else:
        from pyarrow import parquet

        parquet.write_table(made, path)


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
