import numpy as np
import pytest
from linear_world import world

from koopcli.data.windows import starts
from koopcli.evaluate.rollouts import Predicted, batches, gather
from koopcli.evaluate.tally import Bounds, Entrant, bounds, tally

WIDE = Bounds(np.full(3, -1e3), np.full(3, 1e3))


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
    assert many.observations.count.tolist() == one.observations.count.tolist()
    assert many.observations.count.tolist() == [45, 43, 41, 39, 37]
    assert many.observations.squared == pytest.approx(one.observations.squared)
    assert many.observations.spread == pytest.approx(one.observations.spread, abs=1e-9)


def test_each_entrant_has_its_own_tally_and_progress_is_told(dataset):
    chosen, seen = starts(dataset, "test"), []
    zero, far = tally(
        [Entrant(None, "zero", off_by(0.0)), Entrant(None, "far", off_by(2e3))],
        batches(dataset, chosen, 2, 30),
        WIDE,
        seen.append,
    )
    assert (zero.diverged, far.diverged) == (0, 45)
    assert seen == [30, 45]
    assert zero.rewards is None


def test_non_finite_rollouts_are_counted_apart(dataset):
    chosen = starts(dataset, "test")
    nan = Entrant(None, "nan", off_by(np.nan))
    (found,) = tally([nan], batches(dataset, chosen, 2, 30), WIDE)
    assert (found.diverged, found.broken) == (45, 45)


def test_rewards_are_tallied_where_both_have_them(dataset):
    def rollout(states, actions):
        shape = actions.shape[:2]
        return Predicted(np.zeros((*shape, 3)), np.ones(shape))

    entrant = Entrant(None, "one", rollout)
    chosen = starts(dataset, "test").take(np.array([0]))
    (found,) = tally([entrant], [gather(dataset, chosen, 2)], WIDE)
    truth = dataset.rewards[chosen.step_rows[0]]
    assert found.rewards.squared[0, 0] == pytest.approx((1 - truth) ** 2)
    silent = world(rewards=False)
    (found,) = tally([entrant], [gather(silent, chosen, 2)], WIDE)
    assert found.rewards is None


def test_bounds_are_ranges_around_the_training_range(dataset):
    columns = dataset.statistics.observations
    found = bounds(columns, 10.0)
    assert found.high[0] == pytest.approx(11 * columns.max[0] - 10 * columns.min[0])
    # The constant 3 has no range: 1 stands in.
    assert (found.low[2], found.high[2]) == (-7.0, 13.0)
