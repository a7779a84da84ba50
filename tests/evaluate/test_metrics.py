import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.evaluate import metrics

MASK = np.ones((2, 1), bool)


def sums(prediction, truth, mask=MASK):
    return metrics.measure(np.array(prediction), np.array(truth), mask)


def test_errors_are_those_computed_by_hand():
    # Dimension 0: errors 1 and 3 about truths 0 and 4; dimension 1: errors 0 and 2.
    found = sums([[[1.0, 5.0]], [[7.0, 9.0]]], [[[0.0, 5.0]], [[4.0, 7.0]]])
    scores = metrics.per_dimension(found, np.array([2.0, 1.0]))
    assert scores.mse.tolist() == [[5.0, 2.0]]
    assert scores.mae.tolist() == [[2.0, 1.0]]
    assert scores.nrmse == pytest.approx(np.array([[np.sqrt(5) / 2, np.sqrt(2)]]))
    assert scores.r2 == pytest.approx(np.array([[1 - 10 / 8, 1 - 4 / 2]]))
    assert scores.starts.tolist() == [2]


def test_overall_is_the_mean_over_dimensions_before_the_root():
    found = sums([[[1.0, 5.0]], [[7.0, 9.0]]], [[[0.0, 5.0]], [[4.0, 7.0]]])
    scores = metrics.overall(found, np.array([2.0, 1.0]))
    assert scores.mse.tolist() == [[3.5]]
    assert scores.rmse == pytest.approx(np.sqrt(3.5))
    assert scores.nrmse == pytest.approx(np.sqrt((5 / 4 + 2) / 2))
    assert scores.mae.tolist() == [[1.5]]
    assert scores.r2 == pytest.approx((1 - 10 / 8 + 1 - 4 / 2) / 2)


def test_a_truth_that_never_varies_has_no_r2_and_is_left_out_of_the_mean():
    found = sums([[[1.0, 0.2]], [[3.0, 0.2]]], [[[0.0, 0.1]], [[4.0, 0.1]]])
    each = metrics.per_dimension(found, np.ones(2))
    assert np.isnan(each.r2[0, 1])
    assert metrics.overall(found, np.ones(2)).r2 == pytest.approx(1 - 2 / 8)


def test_a_constant_truth_has_no_r2_after_merging_many_batches():
    part = sums([[[1.0]], [[2.0]]], np.full((2, 1, 1), np.float32(0.1)))
    total = part
    for _ in range(100):
        total = metrics.merge(total, part)
    assert total.spread.tolist() == [[0.0]]


def test_what_is_masked_may_be_nan():
    mask = np.array([[True], [False]])
    found = sums([[[1.0]], [[np.nan]]], [[[0.0]], [[np.nan]]], mask)
    assert found.count.tolist() == [1]
    assert found.squared.tolist() == [[1.0]]
    assert found.nonfinite.tolist() == [0]


def test_a_step_without_starts_is_undefined_not_zero():
    found = sums([[[1.0]], [[1.0]]], [[[0.0]], [[0.0]]], np.zeros((2, 1), bool))
    scores = metrics.overall(found, np.ones(1))
    assert np.isnan([scores.mse, scores.nrmse, scores.mae, scores.r2]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_prediction_that_is_not_finite_is_never_dropped(bad):
    found = sums([[[bad]], [[1.0]]], [[[0.0]], [[1.0]]])
    assert found.nonfinite.tolist() == [1]
    assert not np.isfinite(metrics.overall(found, np.ones(1)).mse).any()


@given(st.integers(1, 9), st.integers(0, 2**31))
def test_merging_batches_equals_one_batch(cut, seed):
    random = np.random.default_rng(seed)
    prediction, truth = random.normal(1e3, 1.0, size=(2, 10, 3, 2))
    mask = random.random((10, 3)) < 0.7
    whole = metrics.measure(prediction, truth, mask)
    merged = metrics.merge(
        metrics.measure(prediction[:cut], truth[:cut], mask[:cut]),
        metrics.measure(prediction[cut:], truth[cut:], mask[cut:]),
    )
    for name in ("count", "squared", "absolute", "mean", "spread", "nonfinite"):
        one, other = getattr(whole, name), getattr(merged, name)
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_a_rollout_diverges_when_it_leaves_the_box_or_is_not_finite():
    prediction = np.array([[0.0, 1.0], [0.0, 1.1], [np.nan, 0.0], [0.0, np.inf]])
    found = metrics.diverged(
        prediction[..., None], np.ones((4, 2), bool), np.array([-1.0]), np.array([1.0])
    )
    assert found.tolist() == [False, True, True, True]


def test_steps_beyond_the_mask_cannot_diverge():
    mask = np.array([[True, False]])
    prediction = np.array([[[0.0], [np.inf]]])
    low, high = np.array([-1.0]), np.array([1.0])
    assert metrics.diverged(prediction, mask, low, high).tolist() == [False]
