"""D4RL's flat HDF5, with `timeouts` and `next_observations`.

Where the observation after the last action is unknown, `next_observations` are NaN
there; where that is so in every episode, they are left out.
"""

import json
from pathlib import Path

import numpy as np

from koopcli import hdf5
from koopcli.data.episode import Episode
from koopcli.data.exporters import About, check_ends


def write(path: Path, episodes: list[Episode], about: About) -> list[str]:
    """Write one file; return remarks.

    Raises:
        DataError: The format cannot hold an episode.
    """
    remarks = check_ends(episodes, "d4rl")
    columns = {
        "observations": [e.observations[: e.length] for e in episodes],
        "actions": [e.actions for e in episodes],
        "terminals": [e.terminations for e in episodes],
        "timeouts": [_timeouts(e) for e in episodes],
    }
    if any(e.last_observation_known for e in episodes):
        columns["next_observations"] = [_following(e) for e in episodes]
    rewards = [e.rewards for e in episodes if e.rewards is not None]
    if rewards:
        columns["rewards"] = rewards
    with hdf5.writing(path) as file:
        for name, parts in columns.items():
            values = np.concatenate(parts)
            packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
            file.create_dataset(name, data=values, **(packed if values.size else {}))
        file.attrs["koopcli"] = json.dumps(about.notes.as_json())
    return remarks


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
