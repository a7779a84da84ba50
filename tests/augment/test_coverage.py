import numpy as np
import pytest

from koopcli.augment import coverage

LINE = np.arange(10.0)[:, None] * np.array([[2.0, 0.0]])
SCALE = np.array([2.0, 1.0])


def test_a_copy_adds_nothing_and_the_middle_half_of_the_usual_distance():
    neighbours = coverage.among(LINE, SCALE)
    assert neighbours.usual == pytest.approx(1)
    assert coverage.gain(neighbours, LINE, SCALE) == 0
    assert coverage.gain(
        neighbours, LINE[:-1] + np.array([1.0, 0]), SCALE
    ) == pytest.approx(0.5)
    assert coverage.gain(neighbours, LINE + np.array([0, 3.0]), SCALE) == pytest.approx(
        3
    )


def test_without_states_or_distances_there_is_no_gain():
    assert np.isnan(coverage.gain(coverage.among(LINE, SCALE), LINE[:0], SCALE))
    assert np.isnan(coverage.gain(coverage.among(LINE[:1], SCALE), LINE, SCALE))
    same = np.zeros((5, 2))
    assert np.isnan(coverage.gain(coverage.among(same, SCALE), LINE, SCALE))


def test_rows_are_spread_evenly():
    assert coverage.spread(LINE, 4)[:, 0].tolist() == [0, 6, 12, 18]
    assert len(coverage.spread(LINE, 99)) == 10
