"""How much each step ahead counts: one over its error.

Far ahead errors are large, in chaotic systems as large as the data vary. In a plain mean
over the steps of a window they drown the near ones, which could be predicted. If the errors
of each step ahead have a variance of their own, maximum likelihood weighs them by one over
it (Kendall et al. 2018, arXiv:1705.07115, section 3.2; their learned variances are replaced
by what those converge to, the mean squared error). What then falls is the geometric mean of
the errors over the steps ahead, not the arithmetic one.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

MEMORY = 0.9
"""Share of what was known that stays when a step ahead is seen again."""
TINY = 1e-12
"""Error, in standard units, below which a step ahead weighs no more."""


class Misses(eqx.Module):
    """Errors of a batch, by steps ahead; those of its parts add up.

    Attributes:
        total: Sum over windows of the mean over the state's dimensions.
        count: How many windows; 0 where no one looked, or all episodes had ended.
    """

    total: Float[Array, " time"]
    count: Float[Array, " time"]


def unknown(horizon: int) -> Float[Array, " time"]:
    """Return the mean errors before the first step: of who predicts the mean."""
    return jnp.ones(horizon)


def measure(
    error: Float[Array, "chosen batch state"],
    mask: Bool[Array, "time batch"],
    steps: Int[Array, " chosen"],
) -> Misses:
    """Collect the errors of some steps of these windows."""
    seen = mask[steps]
    each = jnp.where(seen, jnp.mean(error, axis=-1), 0.0)
    none = jnp.zeros(len(mask))
    return Misses(
        total=none.at[steps].add(jnp.sum(each, axis=1)),
        count=none.at[steps].add(jnp.sum(seen, axis=1).astype(jnp.float32)),
    )


def follow(
    errors: Float[Array, " longest"], misses: Misses
) -> Float[Array, " longest"]:
    """Return the running mean errors after a batch; windows may be shorter than these."""
    horizon = len(misses.count)
    before = errors[:horizon]
    now = misses.total / jnp.maximum(misses.count, 1)
    after = jnp.where(misses.count > 0, MEMORY * before + (1 - MEMORY) * now, before)
    return errors.at[:horizon].set(after)


def weights(errors: Float[Array, " time"], balance: float) -> Float[Array, " time"]:
    """Return how much each step ahead counts, 1 on average.

    Args:
        errors: Their mean errors, up to now.
        balance: To which power one over these counts.
    """
    logs = jnp.log(jnp.maximum(errors, TINY))
    return len(errors) * jax.nn.softmax(-balance * logs)
