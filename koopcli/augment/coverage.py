"""How far moved states lie from the data: what an augmentation adds that was not there."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

HELD = 50_000
"""Recorded states that distances are measured to."""
ASKED = 2_000
"""Moved states whose distance is measured."""


@dataclass(frozen=True)
class Neighbours:
    """Recorded states, in standard deviations, for nearest-neighbour distances.

    Attributes:
        tree: The states.
        usual: Median distance of a recorded state to the nearest other one.
    """

    tree: cKDTree
    usual: float


def among(
    states: Float[np.ndarray, "row state"], scale: Float[np.ndarray, " state"]
) -> Neighbours:
    """Take states that distances will be measured to."""
    points = spread(states, HELD) / scale
    tree = cKDTree(points)
    # One state alone has no neighbour: its distance is infinite, and says nothing.
    nearest = tree.query(spread(points, ASKED), k=2)[0][:, 1]
    return Neighbours(tree, float(np.median(nearest)))


def gain(
    neighbours: Neighbours,
    states: Float[np.ndarray, "row state"],
    scale: Float[np.ndarray, " state"],
) -> float:
    """Return the median distance of states to the data, in that within the data.

    0 for a copy of the data; 1 for states that lie as far from the data as its own states
    lie from each other.
    """
    if not len(states) or not 0 < neighbours.usual < np.inf:
        return float("nan")
    distance = neighbours.tree.query(spread(states, ASKED) / scale)[0]
    return float(np.median(distance)) / neighbours.usual


def spread(
    states: Float[np.ndarray, "row state"], limit: int
) -> Float[np.ndarray, "chosen state"]:
    """Return at most `limit` rows, evenly from the first to the last."""
    count = min(limit, len(states))
    return states[np.linspace(0, len(states) - 1, count).astype(np.int64)]
