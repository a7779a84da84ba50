"""Standardise and undo it, inside the model, so that nobody can forget to."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float


class Normaliser(eqx.Module):
    """`standardise(x) = (x - mean) / scale`, per dimension.

    The statistics are those of the training split. They are data, not parameters: the
    gradient is stopped here and the optimiser never sees them.
    """

    mean: Float[Array, " dim"]
    scale: Float[Array, " dim"]

    def __init__(
        self, mean: Float[np.ndarray, " dim"], scale: Float[np.ndarray, " dim"]
    ):
        """Keep `mean` and `scale`; a constant dimension has scale 1."""
        self.mean = jnp.asarray(mean, jnp.float32)
        self.scale = jnp.asarray(scale, jnp.float32)

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

    def _statistics(self, rank: int) -> tuple[Array, Array]:
        shape = (1,) * (rank - 1) + self.mean.shape
        return (
            lax.stop_gradient(self.mean).reshape(shape),
            lax.stop_gradient(self.scale).reshape(shape),
        )
