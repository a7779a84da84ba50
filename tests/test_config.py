import dataclasses

import pytest

from koopcli.config import (
    EvalConfig,
    IngestConfig,
    InspectConfig,
    LossConfig,
    ModelConfig,
    OptimizerConfig,
    PredictConfig,
    RunConfig,
    SimulateConfig,
    SplitConfig,
    TrainConfig,
)
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
        (ModelConfig, {"latent_dim": 0}, "latent_dim must be >= 1"),
        (ModelConfig, {"action_depth": -1}, "action_depth must be >= 0"),
        (ModelConfig, {"ring_min": 0.9, "ring_max": 0.5}, "ring_min <= ring_max < 1"),
        (ModelConfig, {"ring_max_phase": 0.0}, "ring_max_phase must be > 0"),
        (ModelConfig, {"time_step": -1.0}, "time_step must be > 0"),
        (LossConfig, {"reward": -1.0}, "reward must be >= 0"),
        (LossConfig, {"decode_fraction": 0.0}, "decode_fraction must be > 0"),
        (LossConfig, {"decode_fraction": 1.5}, "decode_fraction must lie in"),
        (OptimizerConfig, {"learning_rate": 0.0}, "learning_rate must be > 0"),
        (OptimizerConfig, {"learning_rate": float("nan")}, "learning_rate must be > 0"),
        (OptimizerConfig, {"weight_decay": -1.0}, "weight_decay must be >= 0"),
        (OptimizerConfig, {"warmup": 2.0}, "warmup must lie in"),
        (TrainConfig, {"horizon": 0}, r"train\.horizon must be >= 1"),
        (TrainConfig, {"seed": -1}, "seed must be >= 0"),
        (TrainConfig, {"max_loss_growth": 0.5}, "max_loss_growth must be >= 1"),
        (TrainConfig, {"memory_budget": 0}, "memory_budget must be >= 1"),
        (ModelConfig, {"depth": 1000}, "depth must be <= 100"),
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


def test_setting_names_are_unique_over_all_sections():
    names = [
        field.name
        for section in dataclasses.fields(RunConfig)
        for field in dataclasses.fields(section.default_factory)
    ]
    assert len(names) == len(set(names))


def test_a_lag_without_delays_is_refused():
    with pytest.raises(ConfigError, match="delay_lag means nothing"):
        IngestConfig(delay_lag=2)
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
