import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_networks import array, gelu, layer_norm, linear, network, sigmoid

from koopcli.config.choices import ModelKind, Unroll
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dssm import DssmModel

CONFIG = ModelConfig(kind=ModelKind.DSSM, width=8, reencode_every=0)


def eigenvalues(layer):
    decay, phase = array(layer.spectrum.decay), array(layer.spectrum.phase)
    return np.exp(-np.exp(decay) + 1j * phase)


def paired(parts):
    real, imag = np.split(parts, 2)
    return real + 1j * imag


def step_by_step(model, state, actions):
    start = array(state)
    starts = np.split(network(model.encoder, start), len(model.layers))
    memories = [paired(parts) for parts in starts]
    states, rewards = [], []
    for action in array(actions):
        u = linear(model.embedding, action)
        for index, layer in enumerate(model.layers):
            v, modes = layer_norm(layer.norm, u), eigenvalues(layer)
            gain = np.sqrt(1 - np.abs(modes) ** 2)
            x = modes * memories[index] + gain * paired(linear(layer.drive, v))
            memories[index] = x
            y = linear(layer.output, np.concatenate([x.real, x.imag]))
            plain, gate = np.split(
                linear(layer.gate, gelu(y + array(layer.direct) * v)), 2
            )
            u = u + plain * sigmoid(gate)
        features = layer_norm(model.norm, u)
        states.append(start + linear(model.change, features))
        rewards.append(linear(model.reward_head, features)[0])
    return np.array(states), np.array(rewards)


@pytest.mark.parametrize("unroll", [Unroll.SCAN, Unroll.CONV])
def test_rollout_follows_the_equations(key, unroll):
    config = dataclasses.replace(CONFIG, unroll=unroll)
    model = DssmModel(config, Dimensions(3, 2, True), key=key)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (9, 2))
    states, rewards = step_by_step(model, state, actions)
    prediction = model.rollout(state, actions)
    assert np.allclose(prediction.states, states, atol=1e-4)
    assert np.allclose(prediction.rewards, rewards, atol=1e-4)


def test_long_rollouts_stay_bounded(key):
    model = DssmModel(CONFIG, Dimensions(3, 2, True), key=key)
    actions = 3 * jax.random.normal(key, (2000, 2))
    assert jnp.abs(model.rollout(jnp.ones(3), actions).states).max() < 100
    for layer in model.layers:
        assert jnp.abs(layer.spectrum()).max() < 1
