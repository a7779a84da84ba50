import numpy as np

from koopcli.config.evaluation import EvalConfig
from koopcli.data.windows import starts
from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import scoring
from koopcli.evaluate.baselines import persistence
from koopcli.evaluate.rollouts import Predicted, gather
from koopcli.evaluate.tally import Entrant, tally
from koopcli.evaluate.yardstick import yardstick


def test_skill_is_one_for_no_error_and_zero_for_that_of_the_baseline():
    found = scoring.skill(
        np.array([0.0, 2.0, 1.0, 3.0]), np.array([2.0, 2.0, 2.0, 0.0])
    )
    assert found[:3].tolist() == [1.0, 0.0, 0.5]
    assert np.isnan(found[3])


def test_half_the_error_of_persistence_is_a_skill_of_a_half(dataset):
    steady = persistence(dataset)
    window = gather(dataset, starts(dataset, "test"), 2)

    def halfway(states, actions):
        other = steady(states, actions)
        return Predicted((other.states + window.truth) / 2, other.rewards)

    entrants = [Entrant("a", "koopman", halfway), Entrant(None, "persistence", steady)]
    scale = yardstick(dataset, EvalConfig(), (2,))
    scored = list(zip(entrants, tally(entrants, [window], scale), strict=True))
    rows = scoring.rows(scored, scale, draws.draw(2, 10, 0.9, 0))
    skills = {r.quantity: r.skill_persistence for r in rows if r.run == "a"}
    np.testing.assert_allclose([skills["x"], skills["observations"]], 0.5, rtol=1e-4)
    assert skills["rewards"] == 0.0
    # The same draws for both: the ratio, unlike the errors, does not vary.
    x = next(row for row in rows if row.run == "a" and row.quantity == "x")
    np.testing.assert_allclose(x.interval["skill_persistence"], 0.5, rtol=1e-4)
    assert x.interval["nrmse"][0] < x.interval["nrmse"][1]
