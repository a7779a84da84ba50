import numpy as np
import pytest

from koopcli.config.choices import Split
from koopcli.config.evaluation import EvalConfig
from koopcli.errors import DataError
from koopcli.evaluate import protocol


def test_the_stride_is_the_smallest_that_keeps_the_bound():
    lengths = np.array([10, 3])
    assert protocol.smallest_stride(lengths, 13) == 1
    assert protocol.smallest_stride(lengths, 12) == 2  # 5 + 2 starts
    assert protocol.smallest_stride(lengths, 4) == 4  # 3 + 1 starts
    assert protocol.smallest_stride(lengths, 1) == 10  # one per episode remains


def test_a_given_stride_is_kept(dataset):
    chosen, stride = protocol.choose_starts(dataset, EvalConfig(stride=4))
    assert stride == 4
    assert len(chosen) == 5 + 7


def test_an_empty_split_is_refused(dataset):
    with pytest.raises(DataError, match="val split has no step"):
        protocol.choose_starts(dataset, EvalConfig(split=Split.VAL))


def test_horizons_are_sorted_and_clipped():
    assert protocol.clip_horizons((50, 1, 10), 20) == (1, 10, 20)
    assert protocol.clip_horizons((50, 100), 20) == (20,)
