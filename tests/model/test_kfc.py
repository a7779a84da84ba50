import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_networks import array, linear, network

from koopcli import config_file
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model import sizes
from koopcli.model.dimensions import Dimensions
from koopcli.model.kfc import KfcModel
from koopcli.model.normaliser import Normaliser

CONFIG = ModelConfig(kind=ModelKind.KFC, width=12, latent_dim=5, reencode_every=0)


def tanh_network(net, x):
    for layer in net.layers[:-1]:
        x = np.tanh(linear(layer, x))
    x = linear(net.layers[-1], x)
    return np.tanh(x) if net.bounded else x


def step_by_step(model, state, actions):
    latent, states, rewards = tanh_network(model.encoder, array(state)), [], []
    parts = array(model.operators)
    for action in array(actions):
        operator = parts[0] + action[0] * parts[1] + action[1] * parts[2]
        latent = operator @ latent
        states.append(tanh_network(model.decoder, latent))
        rewards.append(network(model.reward_head, np.concatenate([latent, action]))[0])
    return np.array(states), np.array(rewards)


@pytest.mark.parametrize("time", [1, 6])
def test_rollout_follows_the_equations(key, time):
    model = KfcModel(CONFIG, Dimensions(3, 2, True), key=key)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (time, 2))
    states, rewards = step_by_step(model, state, actions)
    prediction = model.rollout(state, actions)
    assert np.allclose(prediction.states, states, atol=1e-4)
    assert np.allclose(prediction.rewards, rewards, atol=1e-4)


def test_its_layers_are_the_published_ones():
    config = config_file.build({"model.kind": ModelKind.KFC})
    assert config.train.horizon == 1 and config.loss.reconstruction == 10
    encoder = (11 * 512 + 512) + (512 * 512 + 512) + (512 * 32 + 32)
    decoder = (32 * 512 + 512) + (512 * 512 + 512) + (512 * 11 + 11)
    operators = (1 + 3) * 32 * 32
    count = sizes.count(config.model, Dimensions(11, 3, False))
    assert count == encoder + decoder + operators


def test_latents_are_bounded_and_hardly_move_at_the_start(key):
    model = KfcModel(CONFIG, Dimensions(3, 2, True), key=key)
    latent = model.lift(10 * jax.random.normal(key, (20, 3)))
    assert jnp.abs(latent).max() <= 1
    following = model.advance(latent, jax.random.normal(key, (20, 2)))
    assert 0 < jnp.abs(following - latent).max() < 0.6


def test_states_stay_near_those_that_were_recorded(key):
    model = KfcModel(CONFIG, Dimensions(2, 1, False), key=key)
    range_of_one = Normaliser(*(np.full(2, value) for value in (0.0, 1.0, -1.0, 1.0)))
    model = eqx.tree_at(lambda m: m.state_normaliser, model, range_of_one)
    far = eqx.tree_at(
        lambda m: m.decoder.layers[-1].bias, model, jnp.array([9.0, -9.0])
    )
    states = far.rollout(jnp.ones(2), jnp.ones((2, 1))).states
    # The range of 2, and a quarter of it on each side.
    assert states.tolist() == [[1.5, -1.5]] * 2


def test_rewards_do_not_shape_the_latents(key):
    model = KfcModel(CONFIG, Dimensions(3, 2, True), key=key)
    start, actions = jnp.ones((2, 3)), jnp.ones((1, 2, 2))

    def rewards(model):
        return jnp.sum(model.segment(start, actions, jnp.arange(1)).rewards ** 2)

    gradient = eqx.filter_grad(rewards)(model)
    assert jnp.abs(gradient.reward_head.layers[0].weight).max() > 0
    for part in (gradient.encoder, gradient.operators):
        assert all((leaf == 0).all() for leaf in jax.tree.leaves(part))


def test_a_wanted_number_of_parameters_scales_latents_and_layers():
    config = config_file.build({"model.kind": ModelKind.KFC}).model
    wanted = dataclasses.replace(config, params=100_000)
    found = sizes.resolve(wanted, Dimensions(11, 3, True))
    assert found.latent_dim < 32 and found.width < 512
    count = sizes.count(found, Dimensions(11, 3, True))
    assert count == pytest.approx(100_000, rel=0.05)
