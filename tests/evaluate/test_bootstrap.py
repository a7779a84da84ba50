import numpy as np
import pytest

from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import metrics
from koopcli.evaluate.bootstrap import Bootstrap

# Two draws of two episodes: twice the first; one of each.
TWO = Bootstrap(np.array([[2.0, 0.0], [1.0, 1.0]]), 0.5)


def test_every_draw_holds_as_many_episodes_as_there_are():
    found = draws.draw(5, 30, 0.95, seed=1)
    assert found.weights.shape == (30, 5)
    assert (found.weights.sum(axis=1) == 5).all()


def test_the_same_seed_draws_the_same_and_another_one_does_not():
    one, again, other = (draws.draw(9, 20, 0.9, seed).weights for seed in (1, 1, 2))
    assert (one == again).all() and (one != other).any()


def test_one_episode_has_no_intervals():
    found = draws.draw(1, 100, 0.95, 0)
    assert found.weights.shape == (0, 1)
    assert np.isnan(found.interval(np.zeros(0), 1.0)).all()


def test_resampled_sums_are_those_of_episodes_written_out():
    random = np.random.default_rng(0)
    prediction, truth = random.normal(50.0, 1.0, size=(2, 5, 3, 2))
    mask = random.random((5, 3)) < 0.8
    groups = metrics.measure_groups(prediction, truth, mask, np.array([0, 2]))
    found = draws.resample(TWO, groups)
    for draw, rows in enumerate(([0, 1, 0, 1], [0, 1, 2, 3, 4])):
        sums = metrics.measure(prediction[rows], truth[rows], mask[rows])
        for name in ("count", "signed", "squared", "absolute", "mean", "spread"):
            np.testing.assert_allclose(
                getattr(found, name)[draw], getattr(sums, name), atol=1e-9
            )


def test_the_mean_of_a_draw_leaves_out_what_is_unknown():
    values = np.array([[1.0, np.nan], [3.0, 5.0], [8.0, np.nan]])
    found = draws.mean_of(TWO, values, np.array([4, 4, 7]))
    # First draw: 1, 3, 1, 3 and 5, 5; second: 1, 3, 8 and 5.
    assert found.tolist() == [[2.0, 5.0], [4.0, 5.0]]


def test_an_interval_is_a_pair_of_quantiles_of_the_draws():
    found = TWO.interval(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 2.0)
    assert found == (1.0, 3.0)


def test_draws_without_a_number_are_left_out_and_an_undefined_value_has_no_interval():
    found = TWO.interval(np.array([np.nan, 0.0, 4.0]), 2.0)
    assert found == (1.0, 3.0)
    assert np.isnan(TWO.interval(np.array([1.0, 2.0]), np.inf)).all()


def test_the_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        # Three equal starts per episode: episodes, not starts, are independent.
        values = np.repeat(random.normal(size=40), 3)
        episodes = np.repeat(np.arange(40), 3)
        drawn = draws.draw(40, 200, 0.9, trial)
        low, high = drawn.interval(draws.mean_of(drawn, values, episodes), 0.0)
        covered += low <= 0.0 <= high
    assert covered / 200 == pytest.approx(0.9, abs=0.06)
