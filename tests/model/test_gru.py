import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_networks import array, linear, network, sigmoid

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.gru import Cell, GruModel


def cell_by_hand(cell, hidden, u):
    reset_u, keep_u, new_u = np.split(linear(cell.inputs, u), 3)
    reset_h, keep_h, new_h = np.split(linear(cell.recurrent, hidden), 3)
    reset, keep = sigmoid(reset_u + reset_h), sigmoid(keep_u + keep_h)
    return (1 - keep) * np.tanh(new_u + reset * new_h) + keep * hidden


def step_by_step(model, state, actions):
    state, states, rewards = array(state), [], []
    hidden = np.split(np.tanh(network(model.encoder, state)), len(model.cells))
    for action in array(actions):
        signal = np.concatenate([state, action])
        for index, cell in enumerate(model.cells):
            signal = hidden[index] = cell_by_hand(cell, hidden[index], signal)
        state = state + network(model.change, signal)
        states.append(state)
        features = np.concatenate([signal, action])
        rewards.append(network(model.reward_head, features)[0])
    return np.array(states), np.array(rewards)


@pytest.mark.parametrize("depth", [1, 3])
def test_rollout_follows_the_equations(key, depth):
    config = ModelConfig(kind=ModelKind.GRU, width=10, depth=depth, reencode_every=0)
    model = GruModel(config, Dimensions(3, 2, True), key=key)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (9, 2))
    states, rewards = step_by_step(model, state, actions)
    prediction = model.rollout(state, actions)
    assert np.allclose(prediction.states, states, atol=1e-4)
    assert np.allclose(prediction.rewards, rewards, atol=1e-4)


def test_a_hidden_state_stays_in_its_box(key):
    cell = Cell(2, 5, key=key)
    hidden = jnp.full((1, 5), 0.9)
    for _ in range(50):
        hidden = cell(hidden, jnp.array([[30.0, -20.0]]))
    assert jnp.abs(hidden).max() <= 1
