import numpy as np
import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.data.windows import starts
from koopcli.evaluate.examples import examples
from koopcli.evaluate.rollouts import Predicted, gather
from koopcli.evaluate.tally import Entrant, tally
from koopcli.evaluate.yardstick import yardstick


def zeros(states, actions):
    return Predicted(np.zeros((*actions.shape[:2], 3)), None)


def test_the_worst_and_a_typical_start_are_rolled_out_again(dataset):
    chosen = starts(dataset, "test")
    run = Entrant("a", "koopman", zeros)
    base = Entrant(None, "linear", zeros)
    scale = yardstick(dataset, EvalConfig(), (4,))
    (found,) = tally([run], [gather(dataset, chosen, 4)], scale)
    typical, worst = examples([run, base], found.record, dataset, chosen)
    assert (typical.name, worst.name) == ("typical", "worst")
    first = dataset.observation_starts[worst.episode] + worst.step
    np.testing.assert_array_equal(worst.truth, dataset.observations[first : first + 5])
    assert list(worst.predicted) == ["koopman (a)"]
    assert worst.predicted["koopman (a)"][0] == pytest.approx(worst.truth[0])
    assert (worst.predicted["koopman (a)"][1:] == 0).all()
    # Nothing is predicted, so the worst start is the one of the largest truth.
    errors = found.record.profile[~np.isnan(found.record.profile[:, -1])].mean(axis=1)
    energy = (worst.truth[1:] / dataset.statistics.observations.scale) ** 2
    assert energy.mean() == pytest.approx(errors.max(), rel=1e-5)
    assert worst.dt == 0.1
