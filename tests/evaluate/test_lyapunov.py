import numpy as np
import pytest

from koopcli.evaluate import lyapunov
from koopcli.evaluate.protocol import Protocol
from koopcli.evaluate.report import Curve
from koopcli.evaluate.tally import Entrant


def protocol(**changes):
    values = {
        "dataset": "d.h5",
        "dataset_sha256": "0",
        "split": "test",
        "horizons": (1, 50),
        "stride": 1,
        "starts": 1,
        "training_horizons": {},
        "reencode_every": {},
        "divergence_factor": 10.0,
        "dt": 0.1,
        "dt_known": True,
        "device": "cpu",
        "lyapunov_exponent": 0.5,
    }
    return Protocol(**(values | changes))


CURVE = Curve("a", np.arange(1.0, 51), low=np.zeros(50), high=np.full(50, 99.0))
ENTRANT = Entrant("a", "koopman", lambda states, actions: None)


def test_errors_are_told_at_the_nearest_step_as_far_as_the_horizon_goes():
    rows = lyapunov.rows([ENTRANT], [CURVE], protocol())
    # A step is 0.05 Lyapunov times; 50 of them are 2.5.
    assert [row["lyapunov_times"] for row in rows] == [0.25, 0.5, 1, 2]
    assert [row["horizon"] for row in rows] == [5, 10, 20, 40]
    assert [row["nrmse"] for row in rows] == [5, 10, 20, 40]
    assert rows[0]["interval"] == {"nrmse": (0, 99)}
    assert (rows[0]["run"], rows[0]["model"]) == ("a", "koopman")
    assert lyapunov.warnings(protocol()) == ()


def test_without_a_bootstrap_there_is_no_interval():
    [row, *_] = lyapunov.rows([ENTRANT], [Curve("a", CURVE.nrmse)], protocol())
    assert np.isnan(row["interval"]["nrmse"]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lyapunov_exponent": None}, None),
        ({"dt_known": False}, "the time between two steps is not known"),
        ({"lyapunov_exponent": 0.01}, "1 to 50 are 0.001 to 0.05 of them"),
        ({"lyapunov_exponent": 1e4}, "reported are 0.25 to 20"),
    ],
)
def test_it_is_said_why_there_are_none(changes, message):
    asked = protocol(**changes)
    assert lyapunov.rows([ENTRANT], [CURVE], asked) == []
    said = lyapunov.warnings(asked)
    assert said == () if message is None else message in said[0]
