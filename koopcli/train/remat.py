"""Long horizons in little memory: the gradient of a batch, slice by slice.

The gradient needs what every layer put out, of every step of every window. The windows of a
batch do not see each other: the gradients of its slices add up to that of the whole, and
only one slice at a time needs its activations. Nothing is computed twice, as it would be if
activations were computed again on the way back (rematerialisation, the usual remedy; Chen
et al. 2016, arXiv:1604.06174).
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, PyTree

from koopcli import device
from koopcli.config.choices import Remat
from koopcli.config.training import TrainConfig
from koopcli.train.batches import Batch

SLICES = 8
"""Into how many slices `always` cuts a batch; more where these do not divide it."""
FEW = 2**15
"""Steps of all windows of a batch that are not worth the time of counting."""
SHARE = 0.5
"""Of the memory of the device that activations may take; the rest is for the gradient of
them, parameters and data."""

Objective = Callable[..., tuple[Array, Any]]
Tree = TypeVar("Tree", bound=PyTree)


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


def accumulate(compute: Callable[[Batch], Tree], batch: Batch, count: int) -> Tree:
    """Return the sum of `compute` over `count` slices of the windows of a batch.

    Args:
        compute: Its results for the parts of a batch must add up to that for the whole.
        batch: All windows of this device.
        count: Divides them.
    """
    if count == 1:
        return compute(batch)
    windows = batch.mask.shape[1] // count
    everyone, first = batch.mask_of_all(), batch.first_window()

    def part(index: Array) -> Tree:
        def cut(rows: Array) -> Array:
            return lax.dynamic_slice_in_dim(rows, index * windows, windows, axis=1)

        few = jax.tree.map(cut, batch)
        position = first + index * windows
        return compute(dataclasses.replace(few, everyone=everyone, first=position))

    def add(index: Array, sums: Tree) -> Tree:
        return jax.tree.map(jnp.add, sums, part(index))

    shapes = jax.eval_shape(part, jnp.int32(0))
    zeros = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
    return lax.fori_loop(0, count, add, zeros)
