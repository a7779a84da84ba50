"""Long horizons in little memory: activations computed again instead of kept.

The gradient needs what every layer put out, of every step of every window. Predicted slice
by slice, with only the predictions kept, a batch needs the activations of one slice at a
time, for one more pass forward. Source: Chen et al. 2016, arXiv:1604.06174.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PyTree

from koopcli import device
from koopcli.config.choices import Remat
from koopcli.config.training import TrainConfig
from koopcli.model.dynamics import Forecast

SLICES = 8
"""Into how many slices `always` cuts a batch; more where these do not divide it."""
FEW = 2**15
"""Steps of all windows of a batch that are not worth the time of counting."""
SHARE = 0.5
"""Of the memory of the device that activations may take; the rest is for the gradient of
them, parameters and data."""

Predict = Callable[
    [Float[Array, "batch state"], Float[Array, "time batch action"]], Forecast
]
Objective = Callable[..., tuple[Array, Any]]


def slices(
    config: TrainConfig,
    windows: int,
    objective: Objective,
    *arguments: PyTree[Array],
) -> int:
    """Return into how many slices to cut the windows of a device.

    Args:
        config: The run.
        windows: How many there are, per device.
        objective: What is differentiated by its first argument, with auxiliary output.
        arguments: Its arguments; only shapes are looked at.
    """
    if config.remat is Remat.NEVER:
        return 1
    if config.remat is Remat.ALWAYS:
        return _divisor(windows, SLICES)
    if windows * config.horizon < FEW:
        return 1
    return _divisor(windows, kept(objective, *arguments) / (SHARE * device.memory()))


def _divisor(windows: int, wanted: int | float) -> int:
    # Slices are of one size: the next number that divides the windows, or one window each.
    counts = range(1, windows + 1)
    return next(n for n in counts if windows % n == 0 and n >= min(wanted, windows))


def kept(objective: Objective, *arguments: PyTree[Array]) -> int:
    """Return the bytes that a gradient keeps from the way forward; runs nothing."""
    pullback = jax.eval_shape(
        lambda first, *rest: jax.vjp(
            lambda first: objective(first, *rest), first, has_aux=True
        )[1],
        *arguments,
    )
    leaves = jax.tree.leaves(pullback)
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in leaves)


def sliced(predict: Predict, count: int) -> Predict:
    """Return `predict`, worked through in `count` slices of the batch."""
    if count == 1:
        return predict
    again = jax.checkpoint(lambda inputs: predict(*inputs), prevent_cse=False)

    def run(
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
    ) -> Forecast:
        time, batch, width = actions.shape
        starts = start.reshape(count, batch // count, start.shape[-1])
        parts = actions.reshape(time, count, batch // count, width)
        found = lax.map(again, (starts, jnp.moveaxis(parts, 1, 0)))

        def join(values: Array) -> Array:
            rows = jnp.moveaxis(values, 0, 1)  # from (slice, step, window)
            return rows.reshape(rows.shape[0], batch, *rows.shape[3:])

        return Forecast(
            steps=found.steps[0],
            states=join(found.states),
            rewards=None if found.rewards is None else join(found.rewards),
            latents=None if found.latents is None else join(found.latents),
        )

    return run
