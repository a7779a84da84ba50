import numpy as np
import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.errors import ConfigError
from koopcli.evaluate.yardstick import bounds, periods, yardstick

NAMES = ("theta", "x", "a=b")


def test_bounds_are_ranges_around_the_training_range(dataset):
    columns = dataset.statistics.observations
    found = bounds(columns, 10.0)
    assert found.high[0] == pytest.approx(11 * columns.max[0] - 10 * columns.min[0])
    # The constant 3 has no range: 1 stands in.
    assert (found.low[2], found.high[2]) == (-7.0, 13.0)


def test_an_angle_has_a_full_turn_in_radians_or_as_given():
    assert periods(("theta",), NAMES) == pytest.approx(np.array([2 * np.pi, 0, 0]))
    assert periods(("theta=360", "x"), NAMES)[0] == 360


def test_a_name_may_hold_an_equals_sign():
    assert periods(("a=b",), NAMES)[2] == pytest.approx(2 * np.pi)
    assert periods(("a=b=2",), NAMES)[2] == 2.0


@pytest.mark.parametrize("turn", ["0", "-1", "nan", "x", "inf"])
def test_a_turn_is_a_positive_number(turn):
    with pytest.raises(ConfigError, match="one full turn, such as 360"):
        periods((f"theta={turn}",), NAMES)


def test_an_unknown_angle_is_named_with_those_that_exist():
    with pytest.raises(ConfigError, match="'phi': the dimensions are theta, x, a=b"):
        periods(("phi",), NAMES)


def test_an_angle_may_turn_as_often_as_it_likes(dataset):
    found = yardstick(dataset, EvalConfig(angle_cols=("x",)), (1,))
    assert found.limits.high[0] > 1e300 > found.limits.high[1]
    assert found.names == ("x", "y", "one")
