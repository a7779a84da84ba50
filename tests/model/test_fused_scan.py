from functools import partial

import jax
import jax.numpy as jnp
import pytest

from koopcli.model.fused_scan import fused_scan
from koopcli.model.unroll import scan

interpreted = partial(fused_scan, interpret=True)


def problem(time, modes, batch=3):
    keys = jax.random.split(jax.random.key(0), 3)
    angle = jax.random.uniform(keys[0], (modes,)) * jnp.pi
    eigenvalues = 0.95 * jax.lax.complex(jnp.cos(angle), jnp.sin(angle))
    start = jax.random.normal(keys[1], (batch, 2, modes))
    drive = jax.random.normal(keys[2], (time, batch, 2, modes))
    return eigenvalues, start, drive


def batched(form):
    return jax.vmap(form, in_axes=(None, 0, 1), out_axes=1)


def loss(form, arrays):
    return jnp.sum(jnp.abs(batched(form)(*arrays) - 1) ** 2)


# Blocks of 1, 2 and 32 modes; three blocks; no step but the first.
@pytest.mark.parametrize(("time", "modes"), [(5, 3), (4, 6), (6, 96), (1, 4)])
def test_the_kernel_agrees_with_the_scan(time, modes):
    arrays = problem(time, modes)
    expected = batched(scan)(*arrays)
    assert jnp.allclose(batched(interpreted)(*arrays), expected, atol=1e-5)
    gradient = jax.grad(partial(loss, interpreted))(arrays)
    for found, truth in zip(
        gradient, jax.grad(partial(loss, scan))(arrays), strict=True
    ):
        assert jnp.allclose(found, truth, rtol=1e-4, atol=1e-4 * jnp.abs(truth).max())


@pytest.mark.parametrize(
    ("program", "kernels"),
    [(batched(fused_scan), 1), (jax.grad(partial(loss, fused_scan)), 2)],
    ids=["forward", "gradient"],
)
def test_it_is_one_kernel_for_a_gpu_each_way(program, kernels):
    arrays = problem(100, 96, batch=4)
    given = (arrays,) if kernels == 2 else arrays
    traced = jax.jit(program).trace(*given)
    text = traced.lower(lowering_platforms=("cuda",)).as_text()
    assert text.count("gpu.triton") == kernels
    # Four sequences, in three blocks of 32 modes.
    assert "grid_x = 3" in text and "grid_y = 4" in text
