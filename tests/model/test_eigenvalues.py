import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import Discretisation, Initialisation, Stability
from koopcli.config.model import ModelConfig
from koopcli.model.eigenvalues import Eigenvalues


def build(key, latent_dim=8, **settings):
    return Eigenvalues(ModelConfig(latent_dim=latent_dim, **settings), key=key)


def with_parameters(model, **values):
    for name, value in values.items():
        model = eqx.tree_at(lambda m, n=name: getattr(m, n), model, value)
    return model


@pytest.mark.parametrize("size", [-50.0, -1.0, 0.0, 3.0, 50.0])
@pytest.mark.parametrize("init", list(Initialisation))
def test_strict_never_exceeds_one_whatever_the_parameters(key, init, size):
    model = build(key, init=init, stability=Stability.STRICT)
    model = with_parameters(
        model,
        decay=jnp.full(8, size),
        phase=jnp.full(8, 7 * size),
        log_time_step=jnp.float32(size / 10),
    )
    assert (jnp.abs(model()) <= 1).all()


def test_free_can_grow(key):
    model = build(key, init=Initialisation.ROTATION, stability=Stability.FREE)
    assert jnp.abs(with_parameters(model, decay=jnp.full(8, 0.1))()).min() > 1.1


def test_rotation_lies_on_the_circle_and_fills_the_half_turn_evenly(key):
    model = build(key, init=Initialisation.ROTATION, stability=Stability.FREE)
    expected = np.exp(1j * np.pi * np.arange(8) / 8)
    assert jnp.allclose(model(), jnp.asarray(expected, jnp.complex64), atol=1e-6)


def test_strict_rotation_keeps_99_percent_over_a_thousand_steps(key):
    model = build(key, latent_dim=128, init=Initialisation.ROTATION)
    assert jnp.allclose(jnp.abs(model()) ** 1000, 1.0, atol=0.01)


def test_constant_decay_by_hand(key):
    # mu = -0.2, omega_3 = 3 pi, time step 0.05: exp(-0.01) at angle 0.15 pi.
    model = build(key, init=Initialisation.CONSTANT_DECAY, time_step=0.05)
    expected = np.exp(-0.01 + 0.15j * np.pi)
    assert np.isclose(complex(model()[3]), expected, atol=1e-6)


def test_decay_range_stays_in_the_range_whatever_the_parameters(key):
    model = build(key, init=Initialisation.DECAY_RANGE)
    rate = jnp.real(model.log()) / model.time_step()
    assert (rate >= -0.3).all() and (rate <= -0.1).all() and jnp.std(rate) > 0.01
    for size in (-100.0, 100.0):
        moved = with_parameters(model, decay=jnp.full(8, size))
        rate = jnp.real(moved.log()) / moved.time_step()
        assert (rate > -0.3001).all() and (rate < -0.0999).all()


def test_ring_lies_between_its_radii(key):
    model = build(key, latent_dim=512, ring_min=0.5, ring_max=0.9, ring_max_phase=1.0)
    modulus, phase = jnp.abs(model()), jnp.angle(model())
    assert 0.5 <= modulus.min() < 0.53 and 0.87 < modulus.max() <= 0.9001
    assert phase.min() >= 0 and 0.95 < phase.max() <= 1.0
    # Uniform in area: half of the modes lie outside the radius that halves it.
    assert abs(jnp.mean(modulus > np.sqrt((0.25 + 0.81) / 2)) - 0.5) < 0.08


def test_zero_order_hold_equals_the_integral(key):
    model = build(key, init=Initialisation.CONSTANT_DECAY, time_step=0.1)
    rate = -0.2 + 1j * np.pi * np.arange(8)
    expected = (np.exp(0.1 * rate) - 1) / rate
    assert jnp.allclose(model.hold(), jnp.asarray(expected, jnp.complex64), atol=1e-6)


def test_hold_at_the_singular_point_is_the_time_step_with_finite_gradient(key):
    model = build(key, init=Initialisation.ROTATION, stability=Stability.FREE)
    assert jnp.allclose(model.hold()[0], model.time_step().astype(jnp.complex64))
    gradient = eqx.filter_grad(lambda m: jnp.sum(jnp.real(m.hold())))(model)
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_the_series_meets_the_closed_form(key):
    model = build(key, init=Initialisation.ROTATION, stability=Stability.FREE)
    for size in (0.9e-3, 1.1e-3):
        moved = with_parameters(model, phase=jnp.full(8, size))
        z = 1j * size
        expected = (np.exp(z) - 1) / z * float(model.time_step())
        assert np.allclose(np.asarray(moved.hold()), expected, rtol=1e-4)


def test_discrete_time_has_no_step_and_no_hold(key):
    model = build(key, discretisation=Discretisation.NONE)
    assert model.log_time_step is None
    assert jnp.allclose(model.hold(), jnp.ones(8, jnp.complex64))


def test_a_larger_time_step_turns_and_decays_more(key):
    model = build(key, init=Initialisation.CONSTANT_DECAY)
    doubled = with_parameters(model, log_time_step=model.log_time_step + jnp.log(2.0))
    assert jnp.allclose(doubled(), model() ** 2, atol=1e-5)
