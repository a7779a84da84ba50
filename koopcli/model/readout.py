"""Which steps of a window training reads out, where that costs more than time itself."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

MOST = 4
"""Blocks of a group at most: each is compiled for itself."""


class Groups(NamedTuple):
    """How the blocks of a window are grouped.

    Attributes:
        blocks: Whole blocks in each.
        number: How many there are; what is left of the window is read out whole.
    """

    blocks: int
    number: int


def groups(time: int, every: int, fraction: float) -> Groups:
    """Return groups of so many blocks that one step of each is about the asked share.

    Args:
        time: Steps of the window.
        every: Steps of a block, fewer than `time`.
        fraction: Share of the window to draw.
    """
    wanted = max(1, round(1 / (fraction * every)))
    blocks = min(wanted, MOST, time // every)
    return Groups(blocks, time // (blocks * every))


def draw(
    key: PRNGKeyArray, shape: Groups, every: int, fraction: float
) -> Int[Array, "group drawn"]:
    """Draw distinct steps of each group, counted from its start; sorted.

    Those of the first group are in its first block. The last step of a block is not drawn:
    it is read out anyway, for the next block. All windows of a batch have the same steps.
    """
    steps = np.arange(shape.blocks * every)
    inner = steps[(steps + 1) % every > 0]
    first = inner[inner < every]
    count = min(max(1, round(fraction * len(steps))), len(first))
    near, *far = jax.random.split(key, shape.number)
    rest = [some(each, inner, count) for each in far]
    return jnp.stack([some(near, first, count), *rest])


def some(key: PRNGKeyArray, steps: np.ndarray, count: int) -> Int[Array, " drawn"]:
    """Draw `count` distinct ones of `steps`, sorted."""
    shuffled = jax.random.permutation(key, jnp.asarray(steps, jnp.int32))
    return jnp.sort(shuffled[:count])
