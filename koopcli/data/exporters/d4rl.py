"""D4RL's flat HDF5, with `timeouts` and `next_observations`.

Where the observation after the last action is unknown, `next_observations` are NaN
there; where that is so in every episode, they are left out.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from koopcli import hdf5
from koopcli.data.episode import Episode
from koopcli.data.exporters import About, batches, check_ends


def write(path: Path, episodes: Iterable[Episode], about: About) -> list[str]:
    """Write one file; return remarks.

    Raises:
        DataError: The format cannot hold an episode.
    """
    remarks = check_ends(episodes, "d4rl")
    steps = sum(episode.length for episode in episodes)
    following = any(episode.last_observation_known for episode in episodes)
    with hdf5.writing(path) as file:
        done = 0
        for group in batches(episodes):
            columns = _columns(group, following=following)
            for name, values in columns.items():
                if not done:
                    _create(file, name, steps, values)
                # Of a column without columns there is nothing to write.
                if values.size:
                    file[name][done : done + len(values)] = values
            done += len(columns["terminals"])
        file.attrs["koopcli"] = json.dumps(about.notes.as_json())
    return remarks


def _columns(episodes: list[Episode], *, following: bool) -> dict[str, np.ndarray]:
    columns = {
        "observations": [e.observations[: e.length] for e in episodes],
        "actions": [e.actions for e in episodes],
        "terminals": [e.terminations for e in episodes],
        "timeouts": [_timeouts(e) for e in episodes],
    }
    if following:
        columns["next_observations"] = [_following(e) for e in episodes]
    rewards = [e.rewards for e in episodes if e.rewards is not None]
    if rewards:
        columns["rewards"] = rewards
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _create(file: h5py.File, name: str, rows: int, example: np.ndarray) -> None:
    shape = (rows, *example.shape[1:])
    packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
    if 0 in shape:
        packed = {}
    file.create_dataset(name, shape, example.dtype, **packed)


def _timeouts(episode: Episode) -> np.ndarray:
    timeouts = episode.truncations.copy()
    timeouts[-1] |= not episode.terminations[-1]
    return timeouts


def _following(episode: Episode) -> np.ndarray:
    following = episode.observations[1:]
    if episode.last_observation_known:
        return following
    unknown = np.full((1, following.shape[1]), np.nan, following.dtype)
    return np.concatenate([following, unknown])
