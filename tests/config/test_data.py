import pytest

from koopcli.config.data import IngestConfig, SplitConfig
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (IngestConfig, {"dt": 0.0}, r"ingest\.dt must be > 0"),
        (IngestConfig, {"dt": float("inf")}, r"ingest\.dt must be finite"),
        (IngestConfig, {"seed": -1}, r"ingest\.seed must be >= 0"),
        (IngestConfig, {"val_fraction": 1.5}, r"val_fraction must lie in \[0, 1\]"),
        (IngestConfig, {"val_fraction": 0.5, "test_fraction": 0.5}, "stay below 1"),
        (IngestConfig, {"min_length": 0}, "min_length must be >= 1"),
        (IngestConfig, {"delay_embed": 0}, "delay_embed must be >= 1"),
        (SplitConfig, {"kfold": 1, "fold": 0}, "kfold must be >= 2"),
        (SplitConfig, {"fold": 0}, "go together"),
        (IngestConfig, {"max_episode_steps": 0}, "max_episode_steps must be >= 1"),
    ],
)
def test_values_out_of_range_are_named(make, settings, message):
    with pytest.raises(ConfigError, match=message):
        make(**settings)


def test_a_lag_without_delays_is_refused():
    with pytest.raises(ConfigError, match="delay_lag means nothing"):
        IngestConfig(delay_lag=2)
