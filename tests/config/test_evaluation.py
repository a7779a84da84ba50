import pytest

from koopcli.config.evaluation import (
    EvalConfig,
    InspectConfig,
    PredictConfig,
    SimulateConfig,
)
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (PredictConfig, {"starts": 0}, "starts must be >= 1"),
        (PredictConfig, {"horizon": 0}, r"predict\.horizon must be >= 1"),
        (PredictConfig, {"reencode_every": -1}, "reencode_every must be >= 0"),
        (EvalConfig, {"horizons": ()}, "at least one horizon"),
        (EvalConfig, {"horizons": (1, 0)}, "horizons must be >= 1"),
        (EvalConfig, {"stride": 0}, "stride must be >= 1"),
        (EvalConfig, {"max_starts": 0}, "max_starts must be >= 1"),
        (EvalConfig, {"divergence_factor": 0.0}, "divergence_factor must be > 0"),
    ],
)
def test_values_out_of_range_are_named(make, settings, message):
    with pytest.raises(ConfigError, match=message):
        make(**settings)


def test_a_simulation_is_given_one_sample_or_more():
    with pytest.raises(ConfigError, match="n_init"):
        SimulateConfig(n_init=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tolerance": 0.0}, r"inspect\.tolerance must be > 0"),
        ({"lags": (2, 5)}, r"inspect\.lags must rise and start with 1"),
        ({"lags": (1, 5, 2)}, r"inspect\.lags must rise and start with 1"),
        ({"confidence": 1.0}, r"inspect\.confidence must lie between 0 and 1"),
        ({"max_pairs": 1}, r"inspect\.max_pairs must be >= 2"),
    ],
)
def test_the_inspection_of_a_spectrum_has_limits(settings, message):
    with pytest.raises(ConfigError, match=message):
        InspectConfig(**settings)
