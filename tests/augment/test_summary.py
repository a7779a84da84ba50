import numpy as np
import pytest

from koopcli.augment.checks import Measured
from koopcli.augment.summary import ratio, summarise

TRUE = np.ones(3, bool)
MEASURED = Measured(
    shift=np.array([1.0, 2.0, 9.0]),
    cycle=np.array([0.1, 0.3, np.nan]),
    before=np.array([1.0, 1.0, 1.0]),
    after=np.array([2.0, 2.0, 7.0]),
    outside=np.array([True, False, True]),
    far=~TRUE,
    action_miss=np.zeros(3),
    acting=TRUE,
    finite=TRUE,
)
FIRST_TWO = np.array([True, True, False])


def test_a_row_speaks_of_the_accepted_and_the_cycle_of_all():
    judged = np.ones(3), np.array([3.0, 3.0, 5.0])
    row = summarise(0.1, MEASURED, FIRST_TWO, judged, 0.7)
    assert row.accepted == pytest.approx(2 / 3) and row.proposals == 3
    assert row.shift == 1.5 and row.outside == 0.5 and row.coverage == 0.7
    assert row.cycle_median == pytest.approx(0.2)
    assert row.residual_ratio == pytest.approx(2)
    assert row.all_residual_ratio == pytest.approx(np.sqrt(57 / 3))
    assert row.judge_ratio == pytest.approx(3)
    assert row.all_judge_ratio == pytest.approx(np.sqrt(43 / 3))


def test_where_nothing_is_accepted_there_are_no_numbers():
    row = summarise(0.1, MEASURED, ~TRUE, None, np.nan).as_json()
    for name in ("shift", "outside", "residual_ratio", "judge_ratio", "coverage"):
        assert row[name] is None
    assert row["accepted"] == 0 and row["scale"] == 0.1


def test_a_ratio_is_one_of_root_mean_squares():
    before, after = np.array([3.0, 4.0]), np.array([0.0, 10.0])
    assert ratio(before, after, np.array([True, True])) == pytest.approx(2)
