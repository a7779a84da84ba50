import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import ModelKind, Unroll
from koopcli.config.model import ModelConfig
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.model.koopman import KoopmanModel
from koopcli.model.normaliser import Normaliser

CONFIG = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, action_width=8, unroll=Unroll.SCAN
)


@pytest.fixture
def model(key):
    return KoopmanModel(CONFIG, Dimensions(2, 1, True), key=key)


@pytest.fixture
def batch(key):
    return jnp.ones((3, 2)), jax.random.normal(key, (11, 3, 1))


@pytest.mark.parametrize("every", [0, 1, 4, 5, 11, 20])
@pytest.mark.parametrize("fraction", [0.3, 1.0])
@pytest.mark.parametrize("kind", [ModelKind.KOOPMAN, ModelKind.GRU])
def test_a_random_subset_holds_the_values_of_the_whole(
    kind, batch, key, every, fraction
):
    config = dataclasses.replace(CONFIG, kind=kind, width=4)
    model = build(config, Dimensions(2, 1, True), key=key)
    whole = model.forecast(*batch, reencode_every=every)
    some = model.forecast_some(*batch, reencode_every=every, fraction=fraction, key=key)
    assert whole.steps.tolist() == list(range(11))
    steps = some.steps.tolist()
    assert len(set(steps)) == len(steps) and set(steps) <= set(range(11))
    sparse = kind is ModelKind.KOOPMAN and fraction < 1 and every != 1
    assert len(steps) < 11 if sparse else len(steps) == 11
    assert jnp.allclose(some.states, whole.states[some.steps], atol=1e-5)
    rewarded = some.steps[: len(some.rewards)]
    assert len(rewarded) > 0
    assert jnp.allclose(some.rewards, whole.rewards[rewarded], atol=1e-5)


def test_a_reencoded_rollout_cannot_leave_the_box(model, key):
    # A decoder that multiplies by 1000 would double the state's digits at every block.
    wild = eqx.tree_at(
        lambda m: m.decoder.skip.weight, model, replace_fn=lambda w: w * 1e3
    )
    limits = [np.zeros(2), np.ones(2), np.array([-1.0, -2.0]), np.array([1.0, 2.0])]
    confined = eqx.tree_at(lambda m: m.state_normaliser, wild, Normaliser(*limits))
    actions = jax.random.normal(key, (200, 1))
    free, kept = (
        m.rollout(jnp.ones(2), actions, reencode_every=2).states
        for m in (wild, confined)
    )
    assert not (jnp.abs(free) < 1e9).all() and (jnp.abs(kept) < 1e6).all()


def test_a_model_reencodes_as_it_was_trained_unless_told_otherwise(key):
    config = dataclasses.replace(CONFIG, reencode_every=3)
    model = KoopmanModel(config, Dimensions(2, 1, True), key=key)
    actions = jax.random.normal(key, (9, 1))
    default, three, never = (
        model.rollout(jnp.ones(2), actions, every).states for every in (None, 3, 0)
    )
    assert jnp.array_equal(default, three) and not jnp.allclose(three, never)
    assert model.reencoding(None) == 3 and model.reencoding(0) == 0


@pytest.mark.parametrize("gate", [True, False])
def test_a_gate_decides_what_survives_a_reencoding(batch, key, gate):
    config = dataclasses.replace(CONFIG, reencode_every=4, gate=gate)
    model = KoopmanModel(config, Dimensions(2, 1, True), key=key)
    start, actions = batch
    lam, drive = model.eigenvalues(), model.drive(actions)
    x, expected = model.lift(start), []
    for step in range(11):
        if step and step % 4 == 0:
            state, encoded = expected[-1], model.lift(expected[-1])
            share = jnp.zeros((3, 8))
            if gate:
                seen = jnp.concatenate([x.real, x.imag, state], axis=1)
                share = jax.nn.sigmoid(seen @ model.gate.weight + model.gate.bias[None])
            real = share[:, :4] * x.real + (1 - share[:, :4]) * encoded.real
            imag = share[:, 4:] * x.imag + (1 - share[:, 4:]) * encoded.imag
            x = jax.lax.complex(real, imag)
        x = lam[None] * x + drive[step]
        expected.append(model.read(x))
    found = model.forecast(start, actions, reencode_every=4).states
    assert jnp.allclose(found, jnp.stack(expected), atol=1e-5)


def test_a_model_that_never_reencodes_has_no_gate(key):
    config = dataclasses.replace(CONFIG, reencode_every=0)
    assert KoopmanModel(config, Dimensions(2, 1, True), key=key).gate is None


def test_rollouts_follow_the_chosen_interval_training_its_own(key):
    config = dataclasses.replace(CONFIG, reencode_every=3, rollout_every=5)
    model = KoopmanModel(config, Dimensions(2, 1, True), key=key)
    assert model.reencoding(None) == 5 and model.reencoding(2) == 2
