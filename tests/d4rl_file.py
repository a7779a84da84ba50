"""D4RL files made on the spot."""

import h5py
import numpy as np


def write_d4rl(path, lengths=(5, 3, 4), *, terminal=(), following=True, timeouts=True,
               seed=0, drop=(), **extra):  # fmt: skip
    """Write episodes and return them: (observations T+1, actions, rewards, terminal)."""
    rng = np.random.default_rng(seed)
    episodes, rows = [], {}
    for number, steps in enumerate(lengths):
        observations = rng.normal(size=(steps + 1, 2)).astype(np.float32) + 10 * number
        actions = rng.normal(size=(steps, 1)).astype(np.float32)
        rewards = rng.normal(size=steps).astype(np.float32)
        ended = number in terminal
        episodes.append((observations, actions, rewards, ended))
        last = np.arange(steps) == steps - 1
        parts = {
            "observations": observations[:-1],
            "actions": actions,
            "rewards": rewards,
            "terminals": last & ended,
        }
        if following:
            parts["next_observations"] = observations[1:]
        if timeouts:
            parts["timeouts"] = last & (not ended)
        for name, part in parts.items():
            rows.setdefault(name, []).append(part)
    columns = {name: np.concatenate(parts) for name, parts in rows.items()} | extra
    with h5py.File(path, "w") as file:
        for name, values in columns.items():
            if name not in drop:
                file[name] = values
    return episodes
