"""What the machine can do: bytes copied and numbers multiplied per second, as measured."""

import functools

import jax
import jax.numpy as jnp
from jaxtyping import Array

from koopcli.benchmark.timing import Timing, Work, once

ROUNDS = 7
PASSES = 4
SIZES = {"cpu": 1024, "gpu": 8192}
"""Rows of square matrices: large enough for the full rate, and for little waiting."""


def copying(count: int) -> Work:
    """Return passes over float32 numbers in memory that is in use already.

    To be timed in turn with what is held against it: see `bandwidth`.

    Args:
        count: Numbers; what fits into a cache is faster than what does not.
    """

    @functools.partial(jax.jit, donate_argnums=0)
    def go(values: Array, passes: Array) -> Array:
        # A number of passes known beforehand would be made one pass.
        return jax.lax.fori_loop(0, passes, lambda _, each: each * 0.999, values)

    held = [jnp.ones(count, jnp.float32)]

    def run() -> None:
        held[0] = jax.block_until_ready(go(held[0], jnp.int32(PASSES)))

    run()
    return Work(run, PASSES)


def bandwidth(count: int, timing: Timing) -> float:
    """Return the bytes per second, read and written, of passes over `count` numbers."""
    return 8 * count / timing.median


def matmul_rate(size: int | None = None) -> float:
    """Return the operations per second of a product of float32 matrices, the fastest.

    At JAX's default precision, which is what models use: on some GPUs that is not full
    float32.
    """
    size = size or SIZES.get(jax.default_backend(), SIZES["gpu"])
    left = jnp.full((size, size), 1e-3, jnp.float32)
    product = jax.jit(lambda a: a @ a)

    def run() -> None:
        jax.block_until_ready(product(left))

    run()
    return 2 * size**3 / min(once(Work(run))[0] for _ in range(ROUNDS))
