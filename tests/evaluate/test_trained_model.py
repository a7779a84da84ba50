import jax
import jax.numpy as jnp
import linear_world
import numpy as np
import pytest

from koopcli.data import store
from koopcli.errors import DataError
from koopcli.evaluate.trained_model import TrainedModel
from koopcli.model.checkpoint import SavedModel


@pytest.fixture
def trained(dataset):
    meta = linear_world.model_meta(dataset)
    return TrainedModel(SavedModel(linear_world.untrained(meta), meta))


@pytest.fixture
def inputs(dataset):
    # Two rows of three starts each, ten steps.
    states = dataset.observations[:6].reshape(2, 3, 3)
    actions = dataset.actions[:60].reshape(2, 3, 10, 1)
    return states, actions


def alone(trained, state, actions, *rest):
    return trained.dynamics.rollout(jnp.asarray(state), jnp.asarray(actions), *rest)


def test_a_batch_is_its_rollouts_one_by_one(trained, inputs):
    states, actions = inputs
    found = trained.rollout(states, actions)
    assert (found.states.shape, found.rewards.shape) == ((2, 3, 10, 3), (2, 3, 10))
    for place in np.ndindex(2, 3):
        one = alone(trained, states[place], actions[place])
        np.testing.assert_allclose(found.states[place], one.states, atol=1e-5)
        np.testing.assert_allclose(found.rewards[place], one.rewards, atol=1e-5)


def test_one_start_needs_no_batch_and_a_step_is_the_first_of_a_rollout(trained, inputs):
    states, actions = inputs[0][0, 0], inputs[1][0, 0]
    rollout, step = trained.rollout(states, actions), trained.step(states, actions[0])
    assert (rollout.states.shape, step.states.shape) == ((10, 3), (3,))
    np.testing.assert_allclose(step.states, rollout.states[0], atol=1e-6)
    np.testing.assert_allclose(step.rewards, rollout.rewards[0], atol=1e-6)


def test_it_goes_through_jit_vmap_and_grad(trained, inputs):
    states, actions = map(jnp.asarray, inputs)

    def reached(model, actions):
        return jnp.sum(model.rollout(states[0, 0], actions).states[-1])

    each = jax.jit(jax.vmap(reached, in_axes=(None, 0)))(trained, actions[0])
    one_by_one = [reached(trained, a) for a in actions[0]]
    np.testing.assert_allclose(each, jnp.stack(one_by_one), atol=1e-5)
    slope = jax.grad(reached, argnums=1)(trained, actions[0, 0])
    change = jnp.zeros_like(slope).at[3].set(1e-2)
    ahead = reached(trained, actions[0, 0] + change)
    behind = reached(trained, actions[0, 0] - change)
    np.testing.assert_allclose(slope[3, 0], (ahead - behind) / 2e-2, rtol=2e-2)


def test_reencoding_is_as_asked(trained, inputs):
    states, actions = inputs[0][0, 0], inputs[1][0, 0]
    found = trained.rollout(states, actions, reencode_every=5)
    expected = alone(trained, states, actions, 5)
    np.testing.assert_allclose(found.states, expected.states, atol=1e-5)
    assert not np.allclose(found.states, trained.rollout(states, actions).states)


def test_samples_of_the_past_go_in_and_do_not_come_out(tmp_path):
    linear_world.write_partial(tmp_path / "partial.h5", count=3)
    dataset = store.load(tmp_path / "partial.h5")
    meta = linear_world.model_meta(dataset, delays=dataset.delays)
    trained = TrainedModel(SavedModel(linear_world.untrained(meta), meta))
    outputs = len(dataset.delays.outputs)
    states, actions = dataset.observations[:2], dataset.actions[:8].reshape(2, 4, -1)
    found = trained.rollout(states, actions)
    assert found.states.shape == (2, 4, outputs) != (2, 4, states.shape[-1])
    assert outputs == 1
    expected = alone(trained, states[1], actions[1], None, dataset.delays)
    np.testing.assert_allclose(found.states[1], expected.states[:, :outputs], atol=1e-5)


def test_an_autonomous_model_takes_rows_without_columns():
    dataset = linear_world.world(actions=0, rewards=False)
    meta = linear_world.model_meta(dataset)
    trained = TrainedModel(SavedModel(linear_world.untrained(meta), meta))
    found = trained.rollout(dataset.observations[0], np.zeros((7, 0)))
    assert found.states.shape == (7, 3)
    assert found.rewards is None
    step = trained.step(dataset.observations[0], np.zeros(0))
    assert (step.states.shape, step.rewards) == ((3,), None)


def test_it_says_what_it_is(trained):
    assert trained.observation_names == ("x", "y", "one")
    assert (trained.action_names, trained.dt) == (("u",), 0.1)
    assert trained.config is trained.dynamics.config
    np.testing.assert_array_equal(trained.eigenvalues(), trained.dynamics.eigenvalues())


@pytest.mark.parametrize(
    ("states", "actions", "words"),
    [
        ((2,), (5, 1), r"states: the last axis of shape \(2,\) must have 3 columns"),
        ((3,), (5, 2), r"actions: the last axis .* 1 columns, as in training \(u\)"),
        ((), (5, 1), "states: the last axis"),
        ((3,), (1,), "has no steps"),
        ((3,), (0, 1), "has no steps"),
        ((4, 3), (5, 1), "differ in what comes before"),
        ((4, 3), (2, 5, 1), "differ in what comes before"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(trained, states, actions, words):
    with pytest.raises(DataError, match=words):
        trained.rollout(np.zeros(states), np.zeros(actions))
