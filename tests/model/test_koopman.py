import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import Discretisation, Unroll
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.koopman import KoopmanModel
from koopcli.model.normaliser import Normaliser

CONFIG = ModelConfig(
    latent_dim=6, encoder_width=16, decoder_width=16, action_width=8, unroll=Unroll.SCAN
)


def build(key, config=CONFIG, state=3, action=2, reward=True):
    model = KoopmanModel(config, Dimensions(state, action, reward), key=key)
    spread = Normaliser(np.arange(state) + 1.0, np.arange(state) + 2.0)
    return eqx.tree_at(lambda m: m.state_normaliser, model, spread)


def step_by_step(model, state, actions):
    """The equations of the module's docstring, one step and one vector at a time."""
    latent = model.encode(state)
    gain = model.spectrum.hold() * jnp.exp(model.log_gain).astype(jnp.complex64)
    states, rewards = [], []
    for action in actions:
        code = model.action_encoder(action)
        psi = jax.lax.complex(code[:6], code[6:])
        latent = model.eigenvalues() * latent + gain * psi
        states.append(model.decode(latent))
        features = jnp.concatenate([latent.real, latent.imag, action])
        rewards.append(model.reward_head(features)[0])
    return jnp.stack(states), jnp.stack(rewards)


@pytest.mark.parametrize("unroll", [Unroll.SCAN, Unroll.CONV, Unroll.ASSOCIATIVE])
@pytest.mark.parametrize("discretisation", list(Discretisation))
def test_rollout_follows_the_equations(key, unroll, discretisation):
    config = dataclasses.replace(CONFIG, unroll=unroll, discretisation=discretisation)
    model = build(key, config)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (7, 2))
    states, rewards = step_by_step(model, state, actions)
    prediction = model.rollout(state, actions)
    assert jnp.allclose(prediction.states, states, atol=1e-4)
    assert jnp.allclose(prediction.rewards, rewards, atol=1e-4)


@pytest.mark.parametrize("every", [1, 3, 7])
def test_reencoding_equals_chained_short_rollouts(key, every):
    model = build(key)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (7, 2))
    chained, current = [], state
    for first in range(0, 7, every):
        part = model.rollout(current, actions[first : first + every]).states
        chained.append(part)
        current = part[-1]
    prediction = model.rollout(state, actions, reencode_every=every)
    assert jnp.allclose(prediction.states, jnp.concatenate(chained), atol=1e-4)


def test_reencoding_beyond_the_horizon_or_zero_changes_nothing(key):
    model = build(key)
    state, actions = jnp.ones(3), jax.random.normal(key, (5, 2))
    plain = model.rollout(state, actions).states
    assert jnp.array_equal(
        model.rollout(state, actions, reencode_every=5).states, plain
    )
    assert jnp.array_equal(
        model.rollout(state, actions, reencode_every=9).states, plain
    )


def test_without_actions_the_latent_only_turns_and_decays(key):
    model = build(key, action=0, reward=False)
    state = jnp.array([0.5, -1.0, 2.0])
    prediction = model.rollout(state, jnp.zeros((4, 0)))
    expected = model.decode(model.eigenvalues() ** 4 * model.encode(state))
    assert jnp.allclose(prediction.states[-1], expected, atol=1e-5)
    assert prediction.rewards is None and model.action_encoder is None


def test_input_gains_start_at_unit_variance(key):
    model = build(key)
    gain = jnp.abs(model.spectrum.hold()) * jnp.exp(model.log_gain)
    modulus = jnp.abs(model.eigenvalues())
    assert jnp.allclose(gain, jnp.sqrt(1 - modulus**2), rtol=1e-3)


def test_without_input_normalisation_gains_start_at_the_hold(key):
    config = dataclasses.replace(CONFIG, input_normalisation=False)
    assert not build(key, config).log_gain.any()
