"""The recent past as part of the observation, for systems that show too little of it.

A position alone does not say how fast it changes; the last few positions and the inputs
between them do. `koopcli.delays` records which column is what.
"""

from dataclasses import replace

import numpy as np

from koopcli.data.episode import Episode

FIRST_STEPS = "first steps of an episode, whose past --delay-embed needs"
TOO_SHORT = "too short for --delay-embed"


def embed(episode: Episode, count: int, lag: int = 1) -> Episode:
    """Join each observation with `count` - 1 before it, and the actions of those times.

    Row t is `y[t], y[t-lag], …, u[t-lag], …`. The first (`count` - 1) · `lag` steps are
    left out, since their past is not known in full.

    Args:
        episode: An episode of more than (`count` - 1) · `lag` steps.
        count: Number of observations to join.
        lag: Steps between two of them.
    """
    past, rows = (count - 1) * lag, len(episode.observations)
    lags = range(lag, past + 1, lag)

    def lagged(values: np.ndarray, back: int) -> np.ndarray:
        return values[past - back : rows - back]

    parts = [lagged(episode.observations, back) for back in (0, *lags)]
    parts += [lagged(episode.actions, back) for back in lags]
    rewards = episode.rewards
    return replace(
        episode,
        observations=np.concatenate(parts, axis=1),
        actions=episode.actions[past:],
        rewards=None if rewards is None else rewards[past:],
        terminations=episode.terminations[past:],
        truncations=episode.truncations[past:],
    )
