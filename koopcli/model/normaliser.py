"""Standardise and undo it, inside the model, so that nobody can forget to."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

MARGIN = 0.25
"""Share of the training range by which the box of `confine` is wider, on each side."""
_BOUND = float(np.finfo(np.float32).max)


class Normaliser(eqx.Module):
    """`standardise(x) = (x - mean) / scale`, per dimension.

    The statistics are those of the training split. They are data, not parameters: the
    gradient is stopped here and the optimiser never sees them.
    """

    mean: Float[Array, " dim"]
    scale: Float[Array, " dim"]
    low: Float[Array, " dim"]
    high: Float[Array, " dim"]

    def __init__(
        self,
        mean: Float[np.ndarray, " dim"],
        scale: Float[np.ndarray, " dim"],
        smallest: Float[np.ndarray, " dim"] | None = None,
        largest: Float[np.ndarray, " dim"] | None = None,
    ):
        """Keep the statistics.

        Args:
            mean: Mean of the training split.
            scale: Its standard deviation; 1 for a constant dimension.
            smallest: Its minimum; None: nothing is ever confined.
            largest: Its maximum.
        """
        self.mean = jnp.asarray(mean, jnp.float32)
        self.scale = jnp.asarray(scale, jnp.float32)
        low, high = np.full(mean.shape, -_BOUND), np.full(mean.shape, _BOUND)
        if smallest is not None and largest is not None:
            margin = MARGIN * (largest - smallest)
            low, high = (
                (smallest - margin - mean) / scale,
                ((largest + margin - mean) / scale),
            )
        self.low, self.high = (
            jnp.asarray(np.clip(bound, -_BOUND, _BOUND), jnp.float32)
            for bound in (low, high)
        )

    def standardise(
        self, value: Float[Array, "*batch dim"]
    ) -> Float[Array, "*batch dim"]:
        """Physical units to standard units."""
        mean, scale = self._statistics(value.ndim)
        return (value - mean) / scale

    def restore(self, value: Float[Array, "*batch dim"]) -> Float[Array, "*batch dim"]:
        """Standard units to physical units."""
        mean, scale = self._statistics(value.ndim)
        return value * scale + mean

    def confine(self, value: Float[Array, "*batch dim"]) -> Float[Array, "*batch dim"]:
        """Clip standard units to the training range, a `MARGIN` wider.

        Whatever happens between two re-encodings, the next one starts where the encoder
        has been trained, so a rollout of any length is bounded.
        """
        shape = (1,) * (value.ndim - 1) + self.low.shape
        low, high = (
            lax.stop_gradient(bound).reshape(shape) for bound in (self.low, self.high)
        )
        return jnp.clip(value, low, high)

    def _statistics(self, rank: int) -> tuple[Array, Array]:
        shape = (1,) * (rank - 1) + self.mean.shape
        return (
            lax.stop_gradient(self.mean).reshape(shape),
            lax.stop_gradient(self.scale).reshape(shape),
        )


def identity(size: int) -> Normaliser:
    """Return a normaliser that does nothing; training puts the real one in its place."""
    return Normaliser(np.zeros(size, np.float64), np.ones(size, np.float64))
