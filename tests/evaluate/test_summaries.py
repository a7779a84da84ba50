import numpy as np
import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.data.windows import starts
from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import summaries
from koopcli.evaluate.rollouts import Predicted, gather
from koopcli.evaluate.summaries import Validity
from koopcli.evaluate.tally import Entrant, tally
from koopcli.evaluate.yardstick import yardstick

DRAWN = draws.draw(2, 40, 0.9, 0)


@pytest.fixture
def scale(dataset):
    return yardstick(dataset, EvalConfig(), (1, 3))


@pytest.fixture
def pair(dataset, scale):
    def growing(states, actions):
        steps = np.arange(1, actions.shape[1] + 1)[None, :, None]
        return Predicted(np.repeat(states[:, None], steps.size, 1) * 0 + steps, None)

    entrant = Entrant("runs/a", "koopman", growing)
    window = gather(dataset, starts(dataset, "test"), 3)
    return entrant, tally([entrant], [window], scale)[0]


def test_a_prediction_is_valid_until_its_error_exceeds_the_threshold():
    nrmse = np.array([0.1, 0.5, 0.6, 0.2])
    assert summaries.valid_steps(nrmse, 0.5) == (3, False)
    assert summaries.valid_steps(nrmse, 0.05) == (1, False)
    assert summaries.valid_steps(nrmse, 0.6) == (4, True)
    assert summaries.valid_steps(np.array([0.1, np.nan]), 0.5) == (2, False)


def test_a_summary_has_the_valid_time_in_steps_and_seconds(pair, scale):
    curve = summaries.curve(pair, scale, DRAWN)
    threshold = float(curve.nrmse[0]) * 1.0001
    found = summaries.summary(pair, scale, DRAWN, Validity(threshold, 0.25, 2.0))
    beyond = np.flatnonzero(curve.nrmse > threshold)
    expected = int(beyond[0]) + 1 if len(beyond) else 3
    assert (found.valid_steps, found.valid_seconds) == (expected, 0.25 * expected)
    # An error that grows by e takes 1 / 2 s, two steps.
    assert found.valid_lyapunov_times == expected / 2
    assert found.mean_nmse == pytest.approx((curve.nrmse**2).mean())


def test_every_number_of_a_summary_lies_in_its_interval(pair, scale):
    found = summaries.summary(pair, scale, DRAWN, Validity(0.5, 1.0))
    assert np.isnan(found.valid_lyapunov_times)
    for name in ("mean_nmse", "divergence_rate", "valid_steps"):
        low, high = found.interval[name]
        assert (
            low <= getattr(found, name) + 1e-6 and getattr(found, name) - 1e-6 <= high
        )


def test_a_curve_has_a_band_around_it_and_none_without_draws(pair, scale):
    found = summaries.curve(pair, scale, DRAWN)
    assert (found.low <= found.nrmse + 1e-6).all()
    assert (found.nrmse <= found.high + 1e-6).all()
    assert summaries.curve(pair, scale, draws.draw(2, 0, 0.9, 0)).low is None
