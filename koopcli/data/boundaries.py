"""Where one episode ends and the next begins, when the rows are glued together."""

import numpy as np
from jaxtyping import Bool, Float

BLOCK_ROWS = 65_536
CONTINUITY = 1e-3
"""Largest jump, in standard deviations, that still counts as the same observation."""


def time_limits(ends: Bool[np.ndarray, " row"], limit: int) -> Bool[np.ndarray, " row"]:
    """Return the rows where an episode reaches `limit` steps, given its other ends."""
    last = np.flatnonzero(ends)
    first = np.concatenate([[0], last[:-1] + 1])
    extra = np.zeros_like(ends)
    for start, stop in zip(first.tolist(), last.tolist(), strict=True):
        extra[start + limit - 1 : stop + 1 : limit] = True
    return extra


def scale(now) -> Float[np.ndarray, " state"]:
    """Return the standard deviation of each column, from the first rows of a file."""
    sample = now[: min(len(now), BLOCK_ROWS)].astype(np.float64)
    # What is not finite is refused later, by the episode, which knows its place.
    with np.errstate(invalid="ignore", over="ignore"):
        sample = np.where(np.isfinite(sample), sample, 0)
        return np.maximum(sample.std(axis=0), 1e-6)


def hidden(
    now, following, scale: Float[np.ndarray, " state"]
) -> Bool[np.ndarray, " gap"]:
    """Return the rows whose next observation is not the observation of the next row.

    Args:
        now: Observations; read in blocks, so a column of a file will do.
        following: Next observations, likewise.
        scale: By which jumps are measured.
    """
    rows = len(now)
    breaks = np.zeros(rows - 1, bool)
    for first in range(0, rows - 1, BLOCK_ROWS):
        last = min(first + BLOCK_ROWS, rows - 1)
        with np.errstate(invalid="ignore", over="ignore"):
            reached = following[first:last].astype(np.float64)
            row = now[first + 1 : last + 1].astype(np.float64)
            jump = np.abs(reached - row) > CONTINUITY * scale
        apart = ~np.isfinite(reached) | (np.isfinite(row) & jump)
        breaks[first:last] = apart.any(axis=1)
    return breaks
