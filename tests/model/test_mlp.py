import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_networks import array, network

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.mlp import MlpModel

CONFIG = ModelConfig(kind=ModelKind.MLP, width=12, reencode_every=0)


def step_by_step(model, state, actions):
    state, states, rewards = array(state), [], []
    for action in array(actions):
        following = state + network(model.change, np.concatenate([state, action]))
        features = np.concatenate([state, following, action])
        rewards.append(network(model.reward_head, features)[0])
        states.append(following)
        state = following
    return np.array(states), np.array(rewards)


@pytest.mark.parametrize("time", [1, 9])
def test_rollout_follows_the_equations(key, time):
    model = MlpModel(CONFIG, Dimensions(3, 2, True), key=key)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (time, 2))
    states, rewards = step_by_step(model, state, actions)
    prediction = model.rollout(state, actions)
    assert np.allclose(prediction.states, states, atol=1e-4)
    assert np.allclose(prediction.rewards, rewards, atol=1e-4)


def test_it_starts_near_persistence(key):
    model = MlpModel(ModelConfig(kind=ModelKind.MLP), Dimensions(3, 2, True), key=key)
    state, actions = jnp.array([0.5, -1.0, 1.0]), jax.random.normal(key, (1, 2))
    assert jnp.abs(model.rollout(state, actions).states[0] - state).max() < 0.5
