import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.statistics import Accumulator


def test_statistics_by_hand():
    total = Accumulator(2)
    total.add(np.array([[1.0, 5.0], [3.0, 5.0]]))
    total.add(np.array([[8.0, 5.0]]))
    found = total.result()
    assert found.count == 3
    assert found.mean.tolist() == [4.0, 5.0]
    assert found.std == pytest.approx([np.sqrt(26 / 3), 0.0])
    assert (found.min.tolist(), found.max.tolist()) == ([1.0, 5.0], [8.0, 5.0])
    assert found.constant.tolist() == [False, True]
    assert found.scale == pytest.approx([np.sqrt(26 / 3), 1.0])


@given(
    cuts=st.lists(st.integers(0, 50), max_size=6),
    offset=st.floats(-1e6, 1e6),
    seed=st.integers(0, 1000),
)
def test_how_rows_are_cut_into_blocks_changes_nothing(cuts, offset, seed):
    rows = np.random.default_rng(seed).normal(size=(50, 3)) + offset
    total = Accumulator(3)
    for block in np.split(rows, sorted(cuts)):
        total.add(block)
    found = total.result()
    assert np.allclose(found.mean, rows.mean(axis=0), rtol=1e-12, atol=1e-9)
    assert np.allclose(found.std, rows.std(axis=0), rtol=1e-7)
    assert np.array_equal(found.min, rows.min(axis=0))


def test_a_large_offset_does_not_hide_a_small_spread():
    total = Accumulator(1)
    total.add(np.array([[1e9], [1e9 + 1], [1e9 + 2]]))
    assert total.result().std == pytest.approx(np.sqrt(2 / 3))


def test_no_rows_are_zero_and_constant():
    found = Accumulator(1).result()
    assert found.count == 0 and found.scale.tolist() == [1.0]


def test_no_columns_are_fine():
    total = Accumulator(0)
    total.add(np.zeros((4, 0)))
    assert total.result().mean.shape == (0,)
