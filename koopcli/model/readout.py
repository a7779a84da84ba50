"""Which steps of a window training reads out, where that costs more than time itself."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray


def draw(
    key: PRNGKeyArray, time: int, every: int, fraction: float
) -> tuple[Int[Array, " near"], Int[Array, " far"]]:
    """Draw distinct steps of the first block, and of those after it; both sorted.

    The last step of a block is not drawn: it is read out anyway, for the next block. The
    steps are the same for all windows of a batch.

    Args:
        key: Draws.
        time: Steps of the window.
        every: Steps of a block; `time` if there is one only, all of whose steps count.
        fraction: About which share of the window to draw.
    """
    near_key, far_key = jax.random.split(key)
    steps = np.arange(time)
    inner = steps[(steps + 1) % every > 0] if every < time else steps
    near, far = inner[inner < every], inner[inner >= every]
    return (
        _some(near_key, near, round(fraction * every)),
        _some(far_key, far, round(fraction * time)),
    )


def _some(key: PRNGKeyArray, steps: np.ndarray, count: int) -> Int[Array, " chosen"]:
    shuffled = jax.random.permutation(key, jnp.asarray(steps, jnp.int32))
    return jnp.sort(shuffled[: max(1, count)])
