import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from koopcli.evaluate import metrics

MASK = np.ones((2, 1), bool)


def sums(prediction, truth, mask=MASK):
    return metrics.measure(np.array(prediction), np.array(truth), mask)


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
    for name in (
        "count",
        "signed",
        "squared",
        "absolute",
        "mean",
        "spread",
        "nonfinite",
    ):
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


def test_groups_are_measured_apart_and_combine_to_the_whole():
    random = np.random.default_rng(0)
    prediction, truth = random.normal(1e3, 1.0, size=(2, 10, 3, 2))
    mask = random.random((10, 3)) < 0.7
    groups = metrics.measure_groups(prediction, truth, mask, np.array([0, 4, 5]))
    whole = metrics.measure(prediction, truth, mask)
    middle = metrics.measure(prediction[4:5], truth[4:5], mask[4:5])
    joined = metrics.only(metrics.combine(groups, np.array([0])))
    for name in ("count", "signed", "squared", "absolute", "mean", "spread"):
        np.testing.assert_allclose(getattr(groups, name)[1], getattr(middle, name))
        np.testing.assert_allclose(getattr(joined, name), getattr(whole, name))


def test_the_short_way_round_is_at_most_half_a_turn():
    found = metrics.difference(
        np.array([350.0, 10.0, 190.0, 5.0]), np.array([10.0, 350.0, 0.0, 3.0]),
        np.array([360.0, 360.0, 360.0, 0.0]),
    )  # fmt: skip
    assert found.tolist() == [-20.0, 20.0, -170.0, 2.0]
