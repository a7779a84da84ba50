import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import Unroll
from koopcli.model import unroll
from koopcli.model.fused_scan import fused_scan


def complex_numbers(form):
    @functools.wraps(form)
    def run(eigenvalues, start, drive):
        rows = form(eigenvalues, unroll.to_rows(start), unroll.to_rows(drive))
        return unroll.to_complex(rows)

    return run


FORMS = [complex_numbers(f) for f in (unroll.scan, unroll.associative, unroll.conv)]


def problem(time, latent=3, radius=0.999, seed=0):
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, np.pi, latent)
    eigenvalues = rng.uniform(0.7, radius, latent) * np.exp(1j * phase)
    start = rng.normal(size=latent) + 1j * rng.normal(size=latent)
    drive = rng.normal(size=(time, latent)) + 1j * rng.normal(size=(time, latent))
    return eigenvalues, start, drive


def oracle(eigenvalues, start, drive):
    """Step by step in float64, the recurrence as one would write it on paper."""
    states, state = [], start
    for c in drive:
        state = eigenvalues * state + c
        states.append(state)
    return np.array(states)


def as_single(arrays):
    return [jnp.asarray(a, jnp.complex64) for a in arrays]


@pytest.mark.parametrize("time", [1, 2, 3, 17, 100, 1000])
@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_every_form_equals_the_float64_recurrence(form, time):
    arrays = problem(time)
    expected = oracle(*arrays)
    error = np.abs(np.asarray(jax.jit(form)(*as_single(arrays))) - expected)
    assert error.max() < 2e-5 * np.abs(expected).max()


def oracle_gradient(eigenvalues, start, drive, weight):
    """Gradient of Re(sum conj(weight) x) by the reverse recurrence, in float64."""
    states = np.vstack([start, oracle(eigenvalues, start, drive)])
    adjoint = np.zeros_like(start)
    d_eigen, d_drive = np.zeros_like(start), np.zeros_like(drive)
    for t in reversed(range(len(drive))):
        adjoint = adjoint + weight[t]
        d_drive[t] = adjoint
        d_eigen += adjoint * np.conj(states[t])
        adjoint = adjoint * np.conj(eigenvalues)
    return d_eigen, adjoint, d_drive


@pytest.mark.parametrize("time", [1, 2, 100, 1000])
@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_every_gradient_equals_the_float64_adjoint(form, time):
    arrays = problem(time)
    rng = np.random.default_rng(1)
    shape = arrays[2].shape
    weight = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    weights = jnp.asarray(weight, jnp.complex64)

    def objective(parts):
        built = [jax.lax.complex(real, imag) for real, imag in parts]
        return jnp.sum(jnp.real(jnp.conj(weights) * form(*built)))

    parts = [
        (jnp.asarray(a.real, jnp.float32), jnp.asarray(a.imag, jnp.float32))
        for a in arrays
    ]
    gradient = jax.jit(jax.grad(objective))(parts)
    expected = oracle_gradient(*arrays, weight)
    for (real, imag), truth in zip(gradient, expected, strict=True):
        error = np.abs(np.asarray(real) + 1j * np.asarray(imag) - truth)
        assert error.max() < 1e-4 * np.abs(truth).max()


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
def test_a_batch_is_the_same_as_one_by_one(form):
    problems = [as_single(problem(20, seed=seed)) for seed in range(4)]
    eigenvalues = problems[0][0]
    starts = jnp.stack([p[1] for p in problems])
    drives = jnp.stack([p[2] for p in problems])
    alone = [form(eigenvalues, s, d) for s, d in zip(starts, drives, strict=True)]
    together = jax.vmap(functools.partial(form, eigenvalues))(starts, drives)
    assert jnp.allclose(together, jnp.stack(alone), atol=1e-4)


def test_vandermonde_by_hand():
    powers = unroll.vandermonde(jnp.array([2 + 0j, 1j, 0], jnp.complex64), 3)
    expected = np.array([[1, 1, 1], [2, 1j, 0], [4, -1, 0], [8, -1j, 0]])
    assert jnp.allclose(powers, jnp.asarray(expected, jnp.complex64))


def test_auto_scans_on_the_cpu():
    assert unroll.choose(Unroll.AUTO) is unroll.scan
    assert unroll.choose(Unroll.CONV) is unroll.conv


def test_the_kernel_for_gpus_is_a_scan_elsewhere(monkeypatch):
    assert unroll.choose(Unroll.FUSED) is unroll.scan
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert unroll.choose(Unroll.FUSED) is fused_scan
    assert unroll.choose(Unroll.AUTO) is unroll.conv


@pytest.mark.parametrize("form", FORMS[1:], ids=lambda f: f.__name__)
def test_forward_mode_is_the_gradient_seen_from_the_other_side(form):
    arrays = as_single(problem(9))
    moves = as_single(problem(9, seed=1))
    weight = as_single(problem(9, seed=2))[2]
    _, ahead = jax.jvp(form, arrays, moves)
    back = jax.vjp(form, *arrays)[1](weight)
    seen = sum(jnp.sum(a * b) for a, b in zip(moves, back, strict=True))
    assert jnp.allclose(jnp.sum(weight * ahead), seen, rtol=1e-4)


def test_rows_are_the_real_and_the_imaginary_parts():
    values = jnp.array([[1 + 2j, 3 - 4j]], jnp.complex64)
    rows = unroll.to_rows(values)
    assert rows.tolist() == [[[1, 3], [2, -4]]]
    assert jnp.array_equal(unroll.to_complex(rows), values)
    factor = jnp.array([1j, 2 + 1j], jnp.complex64)
    product = unroll.to_complex(unroll.multiply(factor, rows))
    assert jnp.allclose(product, factor[None] * values)
