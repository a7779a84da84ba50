import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.config.choices import TimeUnit
from koopcli.data import timing
from koopcli.errors import DataError


def test_the_unit_is_in_the_name_unless_it_is_given():
    assert timing.unit("tempo_ms", None) is TimeUnit.MILLISECONDS
    assert timing.unit("t [us]", None) is TimeUnit.MICROSECONDS
    assert timing.unit("items", None) is TimeUnit.SECONDS
    assert timing.unit("tempo_ms", TimeUnit.SECONDS) is TimeUnit.SECONDS


def test_rounding_noise_is_taken_off_the_step():
    assert timing.step(np.diff(np.arange(200) * 0.01)) == 0.01


def test_uneven_time_is_refused_and_small_jitter_measured():
    assert timing.jitter(np.array([1.0, 1.05, 1.0]), 1.0, "x") == pytest.approx(0.05)
    assert timing.jitter(np.zeros(0), 1.0, "x") == 0
    with pytest.raises(DataError, match=r"x: uneven sampling.* --resample"):
        timing.jitter(np.array([1.0, 1.4]), 1.0, "x")


@given(st.integers(1, 500), st.sampled_from([0.01, 0.1, 1 / 3, 7.0]))
def test_the_grid_of_even_times_is_those_times(rows, dt):
    times = 3.0 + dt * np.arange(rows)
    assert np.allclose(timing.grid(times, dt), times)


def test_actions_are_held_from_their_time_on_or_up_to_it():
    times, values = np.array([0.0, 1.0, 2.0]), np.array([[10.0], [20.0], [30.0]])
    new = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    assert timing.hold(times, values, new)[:, 0].tolist() == [10, 10, 20, 20, 30]
    lag = timing.hold(times, values, new, lag=True)
    assert lag[:, 0].tolist() == [10, 20, 20, 30, 30]
    assert timing.interpolate(times, values, new)[:, 0].tolist() == [10, 15, 20, 25, 30]
