import numpy as np
import pytest
from linear_world import world

from koopcli.data.windows import starts
from koopcli.evaluate import baselines
from koopcli.evaluate.rollouts import gather


@pytest.fixture
def window(dataset):
    return gather(dataset, starts(dataset, "test", stride=10), 10)


def test_persistence_repeats_the_state_and_the_mean_training_reward(dataset, window):
    predicted = baselines.persistence(dataset)(window.states, window.actions)
    assert (predicted.states == window.states[:, None]).all()
    mean = dataset.rewards[: dataset.lengths[0]].mean()
    assert predicted.rewards == pytest.approx(np.full((5, 10), mean))


def test_linear_is_exact_on_a_linear_world(dataset, window):
    model = baselines.fit_linear(dataset)
    predicted = baselines.linear(model)(window.states, window.actions)
    known = window.mask
    assert predicted.states[known] == pytest.approx(window.truth[known], abs=1e-4)
    assert predicted.rewards[known] == pytest.approx(window.rewards[known], abs=1e-4)


def test_normal_equations_in_blocks_equal_least_squares(dataset, monkeypatch):
    monkeypatch.setattr(baselines, "FIT_ROWS", 7)
    found = baselines.fit_linear(dataset).weights
    columns = dataset.statistics
    rows = slice(0, dataset.lengths[0])
    state = baselines.standardise(
        dataset.observations[: dataset.lengths[0] + 1], columns.observations
    )
    action = baselines.standardise(dataset.actions[rows], columns.actions)
    reward = baselines.standardise(dataset.rewards[rows, None], columns.rewards)
    inputs = np.c_[state[:-1], action, np.ones(len(action))]
    expected = np.linalg.lstsq(inputs, np.c_[state[1:], reward], rcond=None)[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_baselines_need_neither_rewards_nor_actions():
    dataset = world(rewards=False, actions=0)
    window = gather(dataset, starts(dataset, "test", stride=10), 4)
    for rollout in (
        baselines.persistence(dataset),
        baselines.linear(baselines.fit_linear(dataset)),
    ):
        assert rollout(window.states, window.actions).rewards is None
