"""The recent past as part of the observation, for systems that show too little of it.

A position alone does not say how fast it changes; the last few positions and the inputs
between them do. The present observation comes first and keeps its names, so that errors
on these columns are errors in the physical outputs.
"""

from dataclasses import replace

import numpy as np

from koopcli.data.episode import Episode

FIRST_STEPS = "first steps of an episode, whose past --delay-embed needs"
TOO_SHORT = "too short for --delay-embed"


def embed(episode: Episode, count: int) -> Episode:
    """Join each observation with the `count` - 1 ones before it and the actions between.

    The first `count` - 1 steps are left out, since their past is not known in full.

    Args:
        episode: An episode of at least `count` steps.
        count: Number of observations to join.
    """
    past, rows = count - 1, len(episode.observations)

    def lagged(values: np.ndarray, lag: int) -> np.ndarray:
        return values[past - lag : rows - lag]

    parts = [lagged(episode.observations, lag) for lag in range(count)]
    parts += [lagged(episode.actions, lag) for lag in range(1, count)]
    rewards = episode.rewards
    return replace(
        episode,
        observations=np.concatenate(parts, axis=1),
        actions=episode.actions[past:],
        rewards=None if rewards is None else rewards[past:],
        terminations=episode.terminations[past:],
        truncations=episode.truncations[past:],
    )


def names(
    observations: tuple[str, ...], actions: tuple[str, ...], count: int
) -> tuple[str, ...]:
    """Return the names of the joined columns: y, y[t-1], ..., u[t-1], ..."""
    lagged = [f"{name}[t-{lag}]" for lag in range(1, count) for name in observations]
    lagged += [f"{name}[t-{lag}]" for lag in range(1, count) for name in actions]
    return (*observations, *lagged)
