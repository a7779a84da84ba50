import numpy as np
import pytest

from koopcli.config.evaluation import LongRunConfig
from koopcli.errors import ConfigError
from koopcli.evaluate import long_run


def column(*values):
    return np.array(values, float)[:, None]


def test_two_histograms_whose_divergence_is_known():
    config = LongRunConfig(bins=2, pseudo_count=1e-12)
    # p = (3/4, 1/4), q = (1/4, 3/4): KL = 3/4 log 3 - 1/4 log 3.
    found = long_run.histogram_divergence(
        column(0, 0, 0, 1), column(0, 1, 1, 1), config
    )
    assert found == pytest.approx(0.5 * np.log(3))


def test_what_leaves_the_range_of_the_truth_falls_into_a_bin_of_its_own():
    config = LongRunConfig(bins=2, pseudo_count=1.0)
    # With α = 1 and three bins: p = (3, 3, 1) / 7, q = (3, 1, 3) / 7.
    found = long_run.histogram_divergence(
        column(0, 0, 1, 1), column(0, 0, 5, 5), config
    )
    assert found == pytest.approx(2 / 7 * np.log(3))


def test_bins_nobody_visited_are_counted_where_lengths_differ():
    config = LongRunConfig(bins=4, pseudo_count=1.0)
    # Bins of (-0.1, 1.1) and outside: p = (3, 1, 1, 2, 1) / 8, q = (2, 1, 1, 1, 1) / 6.
    found = long_run.histogram_divergence(column(0, 0, 1), column(0), config)
    p, q = np.array([3, 1, 1, 2, 1]) / 8, np.array([2, 1, 1, 1, 1]) / 6
    assert found == pytest.approx((p * np.log(p / q)).sum())


def test_histograms_have_a_bin_per_combination_of_coordinates():
    config = LongRunConfig(bins=2, pseudo_count=1e-12)
    truth = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    # The same in each coordinate alone, but only on the diagonal.
    found = long_run.histogram_divergence(truth, truth[[0, 0, 3, 3]], config)
    assert found > 5
    assert long_run.histogram_divergence(truth, truth[[3, 2, 1, 0]], config) == 0


def test_two_gaussians_whose_divergence_is_known():
    # One kernel each: KL = distance² / (2 variance).
    config = LongRunConfig(variance=0.5, draws=100_000)
    found = long_run.mixture_divergence(column(3), column(4), config, 0)
    assert found == pytest.approx(1.0, abs=0.02)


def test_the_mixture_agrees_with_a_slow_oracle():
    random = np.random.default_rng(1)
    truth, other = random.normal(size=(2, 7, 3)) + 100
    config = LongRunConfig(draws=70)
    again = np.random.default_rng(5)
    chosen = again.integers(7, size=70)
    points = truth[chosen] + again.normal(size=(70, 3))

    def density(point, centres):
        return np.mean([np.exp(-((point - c) ** 2).sum() / 2) for c in centres])

    slow = np.mean([np.log(density(x, truth) / density(x, other)) for x in points])
    assert long_run.mixture_divergence(truth, other, config, 5) == pytest.approx(slow)


@pytest.mark.parametrize("columns", [1, 5, 6])
def test_identical_data_do_not_differ(columns):
    values = np.random.default_rng(0).normal(size=(600, columns))
    config = LongRunConfig()
    assert long_run.state_space_divergence(values, values, config, 0) == 0
    assert (long_run.spectral_distance(values, values, 20.0) == 0).all()


def test_the_form_depends_on_the_number_of_coordinates():
    config = LongRunConfig()
    assert long_run.form(5, config) == "histogram"
    assert long_run.form(6, config) == "mixture"


def sine(cycles, length=4096):
    return np.sin(2 * np.pi * cycles * np.arange(length) / length)


def test_sinusoids_whose_spectra_are_known():
    truth = np.stack([sine(100)] * 3, axis=1)
    predicted = np.stack([3 + 7 * sine(100), sine(300), sine(100) + sine(300)], axis=1)
    # The same line; another one; half of the power on it: 1 - √½.
    expected = [0, 1, np.sqrt(1 - np.sqrt(0.5))]
    found = long_run.spectral_distance(truth, predicted, 0.0)
    assert found == pytest.approx(expected, abs=1e-6)


def test_smoothed_lines_overlap_as_gaussians_do():
    # Two Gaussians of deviation s at a distance d: Σ √(p q) = exp(-d² / (8 s²)).
    # SciPy cuts the Gaussian off at 4 s, which costs a thousandth.
    found = long_run.spectral_distance(sine(500)[:, None], sine(520)[:, None], 10.0)
    assert found == pytest.approx([np.sqrt(1 - np.exp(-0.5))], abs=2e-3)


def test_what_does_not_oscillate_has_no_spectrum():
    still, moving = np.full(4096, 2.0), sine(9)
    truth = np.stack([moving, still], axis=1)
    predicted = np.stack([still, moving], axis=1)
    found = long_run.spectral_distance(truth, predicted, 20.0)
    assert found[0] == 1 and np.isnan(found[1])


def test_an_angle_is_where_it_points_to():
    angles = np.array([[0.0, 10.0], [90.0, 20.0]])
    scale, periods = np.array([50.0, 10.0]), np.array([360.0, 0.0])
    found, owners = long_run.coordinates(angles, scale, periods)
    assert owners.tolist() == [1, 0, 0]
    root = np.sqrt(2)
    assert found == pytest.approx(np.array([[1, root, 0], [2, 0, root]]))
    again, _ = long_run.coordinates(angles + np.array([[720.0, 0.0]]), scale, periods)
    assert again == pytest.approx(found)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ConfigError, match="min_steps must be >= 2"):
        LongRunConfig(min_steps=1)
    with pytest.raises(ConfigError, match="100 bins in each of 20 coordinates"):
        LongRunConfig(bins=100, histogram_dims=20)
