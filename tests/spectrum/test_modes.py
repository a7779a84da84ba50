import math

import numpy as np
import pytest

from koopcli.spectrum import modes


def mode(value, dt=0.1, window_s=math.inf):
    return modes.describe(np.array([value], np.complex128), dt, window_s)[0]


def test_a_damped_oscillation_is_read_back():
    # Decay 0.5 1/s at 2 Hz, sampled at 50 Hz.
    s = complex(-0.5, 2 * math.pi * 2)
    found = mode(np.exp(s * 0.02), 0.02)
    assert found.growth_rate == pytest.approx(-0.5)
    assert found.frequency_hz == pytest.approx(2.0)
    assert found.damping_ratio == pytest.approx(0.5 / abs(s))
    assert found.half_life_s == pytest.approx(math.log(2) / 0.5)
    assert found.time_constant_s == pytest.approx(2.0)
    assert (found.stability, found.nyquist) == ("stable", False)


def test_half_means_one_step_of_half_life():
    found = mode(0.5 + 0j)
    assert found.half_life_s == pytest.approx(0.1)
    assert found.damping_ratio == 1.0
    assert found.frequency_hz == 0.0


@pytest.mark.parametrize(
    ("value", "stability"),
    [
        (1 - 2e-6, "stable"),
        (1 - 1e-7, "marginal"),
        (1 + 1e-7, "marginal"),
        (1 + 2e-6, "unstable"),
    ],
)
def test_classes_have_a_tolerance(value, stability):
    found = mode(complex(value))
    assert found.stability == stability
    assert math.isnan(found.half_life_s) == (stability != "stable")


def test_lambda_one_has_no_damping_ratio():
    assert math.isnan(mode(1 + 0j).damping_ratio)


def test_a_negative_real_eigenvalue_is_flagged():
    found = mode(-0.5 + 0j)
    assert found.nyquist
    assert found.frequency_hz == pytest.approx(5.0)
    assert mode(np.exp(1j * math.pi * 0.991)).nyquist
    assert not mode(np.exp(1j * math.pi * 0.989)).nyquist


def test_a_dead_mode_does_not_crash():
    found = mode(0j)
    assert found.growth_rate == -math.inf
    assert found.half_life_s == 0.0
    assert found.damping_ratio == 1.0


def test_conjugates_have_the_same_positive_frequency():
    one, other = (mode(np.exp(sign * 0.3j)).frequency_hz for sign in (1, -1))
    assert one == other > 0


def test_modes_are_sorted_slowest_first_and_keep_their_index():
    found = modes.describe(np.array([0.5, 0.9j, 0.7]), 1.0)
    assert [m.index for m in found] == [1, 2, 0]


def test_every_time_scale_of_an_oscillation_is_in_its_own_unit():
    s = complex(-0.5, 2 * math.pi * 2)
    found = mode(np.exp(s * 0.02), 0.02)
    assert found.period_s == pytest.approx(0.5)
    assert found.natural_frequency_hz == pytest.approx(abs(s) / (2 * math.pi))
    assert found.settling_time_s == pytest.approx(8.0)
    assert found.half_life_steps == pytest.approx(math.log(2) / 0.5 / 0.02)
    assert found.margin == pytest.approx(1 - math.exp(-0.01))
    assert found.phase == pytest.approx(2 * math.pi * 2 * 0.02)


def test_growth_is_the_logarithm_of_the_modulus_and_not_the_real_part():
    # PyDMD divides Re λ by dt, which calls every oscillation faster than a quarter of
    # the sampling rate decaying, whatever its modulus.
    found = mode(1.01 * np.exp(1.8j), 0.1)
    assert found.real < 0
    assert found.growth_rate == pytest.approx(math.log(1.01) / 0.1)
    assert found.stability == "unstable"


def test_real_eigenvalues_are_told_from_pairs():
    assert [mode(v).shape for v in (0.5, -0.5, 0.5j)] == ["real", "real", "complex"]
    assert mode(0.5).period_s == math.inf


def test_a_mode_slower_than_ten_windows_was_hardly_seen_to_decay():
    # The time constant of 0.99 is 9.95 s: ten windows are 10 s, then 9 s.
    assert not mode(0.99, 0.1, 1.0).slow
    assert mode(0.99, 0.1, 0.9).slow
    assert mode(1.0, 0.1, 1e9).slow


def test_a_phase_beyond_the_half_circle_is_an_alias():
    values = np.exp(1j * np.array([3.0, 3.3]))
    found = modes.describe(values, 0.1, phases=np.array([3.0, 3.3]))
    found = sorted(found, key=lambda m: m.index)
    assert [m.wrapped for m in found] == [False, True]
    assert found[1].phase == pytest.approx(3.3 - 2 * math.pi)


def test_the_eigenvalues_come_back():
    values = np.array([0.5, 0.9j])
    assert (modes.values_of(modes.describe(values, 1.0)) == values[::-1]).all()
