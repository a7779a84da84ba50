import numpy as np
import pytest
from linear_world import world

from koopcli.data.windows import starts
from koopcli.evaluate.rollouts import Predicted, batches, gather
from koopcli.evaluate.tally import Entrant, tally
from koopcli.evaluate.yardstick import Bounds, Yardstick

WIDE = Yardstick(
    horizons=(1, 2),
    names=("x", "y", "one"),
    scale=np.array([1.0, 2.0, 1.0]),
    reward_scale=1.0,
    periods=np.zeros(3),
    limits=Bounds(np.full(3, -1e3), np.full(3, 1e3)),
)


def off_by(error):
    def rollout(states, actions):
        batch, time, _ = actions.shape
        return Predicted(np.full((batch, time, 3), error), None)

    return rollout


def test_many_batches_tally_as_one(dataset):
    chosen = starts(dataset, "test")
    entrant = Entrant(None, "zero", off_by(0.0))
    (one,) = tally([entrant], [gather(dataset, chosen, 5)], WIDE)
    (many,) = tally([entrant], batches(dataset, chosen, 5, 4), WIDE)
    assert (
        many.total.observations.count[0].tolist()
        == one.total.observations.count[0].tolist()
    )
    assert many.total.observations.count[0].tolist() == [45, 43, 41, 39, 37]
    assert many.total.observations.squared == pytest.approx(
        one.total.observations.squared
    )
    assert many.total.observations.spread == pytest.approx(
        one.total.observations.spread, abs=1e-9
    )


def test_each_entrant_has_its_own_tally_and_progress_is_told(dataset):
    chosen, seen = starts(dataset, "test"), []
    zero, far = tally(
        [Entrant(None, "zero", off_by(0.0)), Entrant(None, "far", off_by(2e3))],
        batches(dataset, chosen, 2, 30),
        WIDE,
        seen.append,
    )
    assert (zero.record.diverged.sum(), far.record.diverged.sum()) == (0, 45)
    assert seen == [30, 45]
    assert zero.total.rewards is None


def test_non_finite_rollouts_are_counted_apart(dataset):
    chosen = starts(dataset, "test")
    nan = Entrant(None, "nan", off_by(np.nan))
    (found,) = tally([nan], batches(dataset, chosen, 2, 30), WIDE)
    assert found.record.diverged.all() and found.record.broken.all()
    # An unknown step is NaN, a prediction that is NaN an infinite error.
    known = gather(dataset, chosen, 2).mask
    assert np.isinf(found.record.profile[known]).all()
    assert np.isnan(found.record.profile[~known]).all()


def test_rewards_are_tallied_where_both_have_them(dataset):
    def rollout(states, actions):
        shape = actions.shape[:2]
        return Predicted(np.zeros((*shape, 3)), np.ones(shape))

    entrant = Entrant(None, "one", rollout)
    chosen = starts(dataset, "test").take(np.array([0]))
    (found,) = tally([entrant], [gather(dataset, chosen, 2)], WIDE)
    truth = dataset.rewards[chosen.step_rows[0]]
    assert found.total.rewards.squared[0, 0, 0] == pytest.approx((1 - truth) ** 2)
    silent = world(rewards=False)
    (found,) = tally([entrant], [gather(silent, chosen, 2)], WIDE)
    assert found.total.rewards is None


def test_an_episode_that_spans_batches_is_one_group(dataset):
    chosen = starts(dataset, "test")
    entrant = Entrant(None, "zero", off_by(0.0))
    (one,) = tally([entrant], [gather(dataset, chosen, 2)], WIDE)
    (many,) = tally([entrant], batches(dataset, chosen, 2, 7), WIDE)
    assert many.episodes.tolist() == one.episodes.tolist() == [1, 2]
    for name in ("count", "squared", "mean", "spread"):
        np.testing.assert_allclose(
            getattr(many.by_episode.observations, name),
            getattr(one.by_episode.observations, name),
            atol=1e-9,
        )
    np.testing.assert_array_equal(many.record.profile, one.record.profile)


def test_each_start_keeps_its_own_errors(dataset):
    chosen = starts(dataset, "test").take(np.array([0]))
    entrant = Entrant(None, "zero", off_by(0.0))
    (found,) = tally([entrant], [gather(dataset, chosen, 2)], WIDE)
    truth = dataset.observations[chosen.observation_rows[0] + np.array([1, 2])]
    np.testing.assert_allclose(found.record.errors[0], -truth, rtol=1e-6)
    scaled = (truth / np.array([1.0, 2.0, 1.0])) ** 2
    np.testing.assert_allclose(found.record.profile[0], scaled.mean(axis=1), rtol=1e-6)


def test_a_return_is_the_sum_of_the_rewards_so_far(dataset):
    def rollout(states, actions):
        shape = actions.shape[:2]
        return Predicted(np.zeros((*shape, 3)), np.ones(shape))

    entrant = Entrant(None, "one", rollout)
    chosen = starts(dataset, "test").take(np.array([0]))
    (found,) = tally([entrant], [gather(dataset, chosen, 2)], WIDE)
    truth = dataset.rewards[chosen.step_rows[0] + np.arange(2)].sum()
    assert found.total.returns.signed[0, 1, 0] == pytest.approx(2 - truth)
