import pytest

from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (ModelConfig, {"latent_dim": 0}, "latent_dim must be >= 1"),
        (ModelConfig, {"action_depth": -1}, "action_depth must be >= 0"),
        (ModelConfig, {"ring_min": 0.9, "ring_max": 0.5}, "ring_min <= ring_max < 1"),
        (ModelConfig, {"ring_max_phase": 0.0}, "ring_max_phase must be > 0"),
        (ModelConfig, {"time_step": -1.0}, "time_step must be > 0"),
        (ModelConfig, {"depth": 1000}, "depth must be <= 100"),
    ],
)
def test_values_out_of_range_are_named(make, settings, message):
    with pytest.raises(ConfigError, match=message):
        make(**settings)
