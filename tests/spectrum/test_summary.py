import math

import numpy as np
import pytest

from koopcli.spectrum import modes
from koopcli.spectrum.summary import summarise, twins


def describe(*values, dt=0.1):
    return modes.describe(np.array(values, complex), dt)


def test_the_summary_counts_and_compares_with_the_training_window():
    found = summarise(describe(0.5, -0.25, 1.0, 2.0), 0.1, True, 2)
    assert found.spectral_radius == 2.0
    assert found.margin == -1.0
    assert found.spectral_abscissa == pytest.approx(math.log(2) / 0.1)
    assert not found.stable
    counts = (found.stable_modes, found.marginal_modes, found.unstable_modes)
    assert counts == (2, 1, 1)
    assert found.nyquist_modes == 1
    assert found.real_modes == 4
    assert found.training_window_s == pytest.approx(0.2)
    assert found.slowest_half_life_s == pytest.approx(0.1)
    assert found.slowest_half_life_windows == pytest.approx(0.5)
    assert found.gradient_factor_min == pytest.approx(1 / 16)
    assert found.gradient_factor_median == pytest.approx((0.25 + 1) / 2)
    assert found.gradient_factor_max == pytest.approx(4.0)


def test_without_a_stable_mode_there_is_no_slowest_one():
    assert math.isnan(summarise(describe(2.0), 0.1, True, 5).slowest_half_life_s)


def test_twins_share_an_eigenvalue_but_conjugates_are_one_mode():
    assert twins(describe(0.9, 0.9)) == 1
    assert twins(describe(0.9, 0.9, 0.9)) == 2
    assert twins(describe(0.9, 0.8)) == 0
    assert twins(describe(0.5 + 0.5j, 0.5 - 0.5j)) == 0
    assert twins(describe(0.5 + 0.5j, 0.5 + 0.5j)) == 1
