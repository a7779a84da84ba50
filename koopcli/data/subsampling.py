"""Keeps every N-th observation of an episode: a longer time step from the same data."""

from dataclasses import replace

import numpy as np

from koopcli.data.episode import Episode


def subsample(episode: Episode, every: int) -> tuple[Episode, int]:
    """Keep the observations 0, N, 2N, ... and the actions taken there.

    Rewards of the steps in between are added up, so that returns stay; an end anywhere
    within a long step is its end. Steps beyond the last whole long step are left out.

    Returns:
        The episode with long steps, and how many short ones were left out.
    """
    steps = episode.length // every
    rest = episode.length - steps * every

    def blocks(values: np.ndarray) -> np.ndarray:
        return values[: steps * every].reshape(steps, every)

    truncations: np.ndarray = np.any(blocks(episode.truncations), axis=1)
    terminations: np.ndarray = np.any(blocks(episode.terminations), axis=1)
    if rest and steps:
        truncations[-1] = True  # the true end lies in what was left out
    rewards = episode.rewards
    kept = replace(
        episode,
        observations=episode.observations[::every][: steps + 1],
        actions=episode.actions[: steps * every : every],
        rewards=None if rewards is None else blocks(rewards).sum(axis=1),
        terminations=terminations,
        truncations=truncations,
    )
    return kept, rest
