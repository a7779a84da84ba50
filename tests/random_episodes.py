"""Episodes for round trips through table formats."""

import numpy as np
from hypothesis import strategies as st

LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5)


def random_episodes(lengths, seed=0):
    """Return (observations T+1, actions T, rewards T) per length."""
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(n + 1, 2)), rng.normal(size=(n, 1)), rng.normal(size=n))
        for n in lengths
    ]


def flat(episodes, *, complete=True):
    """Glue episodes to columns, with N-1 actions (NaN in the last row) or N - 1 rows."""
    parts = {"episode": [], "obs": [], "action": [], "reward": []}
    for number, (observations, actions, rewards) in enumerate(episodes):
        rows = len(observations) if complete else len(actions)
        end = [np.nan] if complete else []
        parts["episode"].append(np.full(rows, number))
        parts["obs"].append(observations[:rows])
        parts["action"].append(np.append(actions[:, 0], end)[:, None])
        parts["reward"].append(np.append(rewards, end))
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def assert_same(found, expected, *, complete=True):
    assert len(found) == len(expected)
    for episode, (observations, actions, rewards) in zip(found, expected, strict=True):
        rows = len(observations) if complete else len(actions)
        assert np.array_equal(episode.observations, observations[:rows])
        assert np.array_equal(episode.actions, actions)
        assert episode.rewards is None or np.array_equal(episode.rewards, rewards)
        assert not episode.terminations.any() and episode.truncations[-1]
