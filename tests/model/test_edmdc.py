import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from linear_world import model_meta, world

from koopcli.config.choices import ModelKind, Observables
from koopcli.config.model import ModelConfig
from koopcli.model import checkpoint
from koopcli.model.dimensions import Dimensions
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.normaliser import Normaliser

FOURIER = ModelConfig(kind=ModelKind.EDMDC, features=5)
POLYNOMIAL = ModelConfig(
    kind=ModelKind.EDMDC, observables=Observables.POLYNOMIAL, degree=2
)


def fitted(key, config=FOURIER, state=3, action=2, reward=True):
    """A model whose weights are random but tame, in units that are not standard."""
    model = EdmdcModel(config, Dimensions(state, action, reward), key=key)
    arrays, rest = eqx.partition(model, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(arrays)
    keys = jax.random.split(key, len(leaves))
    leaves = [
        0.2 * jax.random.normal(k, leaf.shape)
        for k, leaf in zip(keys, leaves, strict=True)
    ]
    wild = eqx.combine(jax.tree.unflatten(tree, leaves), rest)
    spread = Normaliser(np.arange(state) + 1.0, np.arange(state) + 2.0)
    return eqx.tree_at(
        lambda m: (m.state_normaliser, m.action_normaliser, m.reward_normaliser),
        wild,
        (spread, model.action_normaliser, model.reward_normaliser),
        is_leaf=lambda node: node is None,
    )


@pytest.mark.parametrize("config", [FOURIER, POLYNOMIAL])
def test_a_rollout_follows_the_equations(key, config):
    model = fitted(key, config)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (6, 2))
    lifted = model.lift(model.state_normaliser.standardise(state)[None])[0]
    prediction = model.rollout(state, actions)
    for k, action in enumerate(actions):
        reward = jnp.concatenate([lifted, action]) @ model.reward_weights
        lifted = model.dynamics.T @ lifted + model.inputs.T @ action + model.offset
        expected = model.state_normaliser.restore(lifted[:3])
        assert jnp.allclose(prediction.states[k], expected, atol=1e-4)
        assert jnp.allclose(prediction.rewards[k], reward + model.reward_offset)


def test_some_steps_are_those_of_all(key):
    model = fitted(key)
    start, actions = jnp.ones((4, 3)), jax.random.normal(key, (7, 4, 2))
    whole = model.segment(start, actions, jnp.arange(7))
    some = model.segment(start, actions, jnp.array([1, 6]))
    assert jnp.array_equal(some.states, whole.states[jnp.array([1, 6])])
    assert jnp.array_equal(some.rewards, whole.rewards[jnp.array([1, 6])])


def test_relifting_every_step_equals_one_step_at_a_time(key):
    model = fitted(key)
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (5, 2))
    together = model.rollout(state, actions, reencode_every=1).states
    for k in range(5):
        state = model.rollout(state, actions[k : k + 1]).states[0]
        assert jnp.allclose(together[k], state, atol=1e-5)


def test_an_unfitted_model_predicts_no_change(key):
    model = EdmdcModel(FOURIER, Dimensions(2, 1, False), key=key)
    prediction = model.rollout(jnp.array([1.0, -2.0]), jnp.ones((4, 1)))
    assert prediction.states.tolist() == [[1.0, -2.0]] * 4
    assert prediction.rewards is None


def test_eigenvalues_are_those_of_the_step(key):
    model = fitted(key)
    values = np.sort_complex(model.eigenvalues())
    expected = np.linalg.eigvals(np.asarray(model.dynamics, np.float64))
    assert values.shape == (8,) and np.allclose(values, np.sort_complex(expected))


@pytest.mark.parametrize("config", [FOURIER, POLYNOMIAL])
def test_a_model_file_gives_the_model_back(tmp_path, config, key):
    dataset = world()
    meta = model_meta(dataset, model_config=config)
    model = fitted(key, config, state=3, action=1)
    checkpoint.save(tmp_path / "m.eqx", model, meta)
    loaded = checkpoint.load(tmp_path / "m.eqx").model
    pairs = zip(*map(jax.tree.leaves, (model, loaded)), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)
    assert loaded.config == config
