import numpy as np
import pytest

from koopcli.evaluate import measures, metrics

MASK = np.ones((2, 1), bool)


def sums(prediction, truth, mask=MASK, periods=None):
    return metrics.measure(np.array(prediction), np.array(truth), mask, periods)


@pytest.fixture
def found():
    # Dimension 0: errors 1 and 3 about truths 0 and 4; dimension 1: errors 0 and 2
    # about truths 5 and 7.
    return sums([[[1.0, 5.0]], [[7.0, 9.0]]], [[[0.0, 5.0]], [[4.0, 7.0]]])


def test_errors_are_those_computed_by_hand(found):
    scores = measures.per_dimension(found, np.array([2.0, 1.0]))
    assert scores.mse.tolist() == [[5.0, 2.0]]
    assert scores.nmse.tolist() == [[1.25, 2.0]]
    assert scores.mae.tolist() == [[2.0, 1.0]]
    assert scores.nmae.tolist() == [[1.0, 1.0]]
    assert scores.nrmse == pytest.approx(np.array([[np.sqrt(5) / 2, np.sqrt(2)]]))
    assert scores.r2 == pytest.approx(np.array([[1 - 10 / 8, 1 - 4 / 2]]))
    assert scores.fit == pytest.approx(100 * (1 - np.sqrt(np.array([[10 / 8, 4 / 2]]))))
    # The errors 1, 3 have variance 1, the truths 0, 4 variance 4; 0, 2 and 5, 7: 1 and 1.
    assert scores.vaf == pytest.approx(np.array([[75.0, 0.0]]))
    assert scores.starts.tolist() == [2]


def test_overall_is_the_mean_over_dimensions_before_the_root(found):
    scores = measures.overall(found, np.array([2.0, 1.0]))
    assert scores.mse.tolist() == [[3.5]]
    assert scores.rmse == pytest.approx(np.sqrt(3.5))
    assert scores.nmse == pytest.approx((5 / 4 + 2) / 2)
    assert scores.nrmse == pytest.approx(np.sqrt((5 / 4 + 2) / 2))
    assert scores.mae.tolist() == [[1.5]]
    assert scores.nmae.tolist() == [[1.0]]
    assert scores.r2 == pytest.approx((1 - 10 / 8 + 1 - 4 / 2) / 2)
    assert scores.fit == pytest.approx(100 - 50 * (np.sqrt(1.25) + np.sqrt(2)))
    assert scores.vaf == pytest.approx(37.5)


def test_a_constant_offset_is_accounted_for_by_vaf_but_not_by_r2():
    scores = measures.overall(sums([[[2.0]], [[6.0]]], [[[0.0]], [[4.0]]]), np.ones(1))
    assert scores.vaf == pytest.approx(100.0)
    assert scores.r2 == pytest.approx(0.0)


def test_a_perfect_prediction_has_fit_and_vaf_100():
    truth = [[[0.0]], [[4.0]]]
    scores = measures.overall(sums(truth, truth), np.ones(1))
    assert (scores.fit, scores.vaf, scores.r2) == (100.0, 100.0, 1.0)


def test_a_truth_that_never_varies_has_no_r2_and_is_left_out_of_the_mean():
    found = sums([[[1.0, 0.2]], [[3.0, 0.2]]], [[[0.0, 0.1]], [[4.0, 0.1]]])
    each = measures.per_dimension(found, np.ones(2))
    assert np.isnan([each.r2[0, 1], each.fit[0, 1], each.vaf[0, 1]]).all()
    assert measures.overall(found, np.ones(2)).r2 == pytest.approx(1 - 2 / 8)


def test_units_do_not_change_what_is_relative():
    one = sums([[[1.0]], [[7.0]]], [[[0.0]], [[4.0]]])
    other = sums([[[1e3]], [[7e3]]], [[[0.0]], [[4e3]]])
    for name in ("nrmse", "nmae", "r2", "fit", "vaf"):
        first = getattr(measures.overall(one, np.ones(1)), name)
        second = getattr(measures.overall(other, np.full(1, 1e3)), name)
        assert first == pytest.approx(second)


def test_an_angle_has_the_short_error_and_no_r2():
    turn = 2 * np.pi
    found = sums([[[3.1]], [[0.5]]], [[[-3.1]], [[0.5 + turn]]], MASK, np.full(1, turn))
    scores = measures.per_dimension(found, np.ones(1))
    short = turn - 6.2
    assert scores.mae == pytest.approx(short / 2)
    assert scores.mse == pytest.approx(short**2 / 2)
    assert np.isnan([scores.r2, scores.fit, scores.vaf]).all()


def test_a_step_without_starts_is_undefined_not_zero():
    found = sums([[[1.0]], [[1.0]]], [[[0.0]], [[0.0]]], np.zeros((2, 1), bool))
    scores = measures.overall(found, np.ones(1))
    assert all(np.isnan(getattr(scores, name)).all() for name in measures.NAMES)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_not_finite_is_never_dropped(bad):
    found = sums([[[bad]], [[1.0]]], [[[0.0]], [[1.0]]])
    assert found.nonfinite.tolist() == [1]
    scores = measures.overall(found, np.ones(1))
    assert not np.isfinite([scores.mse, scores.nrmse, scores.mae]).any()
