"""Puts the rows of one episode on an even time grid."""

import numpy as np
from jaxtyping import Float

from koopcli.config.choices import ActionAlign
from koopcli.data import timing
from koopcli.data.alignment import Rows


def resample(
    rows: Rows, times: Float[np.ndarray, " _row"], dt: float, align: ActionAlign
) -> Rows:
    """Interpolate observations linearly and hold actions; rewards cannot be kept.

    The grid starts at the first time and ends at or just before the last one, whose
    end mark it takes over.
    """
    grid = timing.grid(times, dt)
    last = np.arange(len(grid)) == len(grid) - 1
    lag = align is ActionAlign.LAG
    return Rows(
        observations=timing.interpolate(times, rows.observations, grid),
        actions=timing.hold(times, rows.actions, grid, lag=lag),
        rewards=None,
        terminal=last & rows.terminal.any(),
        timeout=last & rows.timeout.any(),
        following=None,
    )
