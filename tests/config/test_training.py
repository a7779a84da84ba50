import dataclasses

import pytest

from koopcli.config.training import (
    KIND_DEFAULTS,
    LossConfig,
    OptimizerConfig,
    RunConfig,
    TrainConfig,
)
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (LossConfig, {"reward": -1.0}, "reward must be >= 0"),
        (LossConfig, {"noise": -1.0}, "noise must be >= 0"),
        (LossConfig, {"decode_fraction": 0.0}, "decode_fraction must be > 0"),
        (LossConfig, {"decode_fraction": 1.5}, "decode_fraction must lie in"),
        (OptimizerConfig, {"learning_rate": 0.0}, "learning_rate must be > 0"),
        (OptimizerConfig, {"learning_rate": float("nan")}, "learning_rate must be > 0"),
        (OptimizerConfig, {"weight_decay": -1.0}, "weight_decay must be >= 0"),
        (OptimizerConfig, {"warmup": 2.0}, "warmup must lie in"),
        (TrainConfig, {"horizon": 0}, r"train\.horizon must be >= 1"),
        (TrainConfig, {"seed": -1}, "seed must be >= 0"),
        (TrainConfig, {"max_loss_growth": 0.5}, "max_loss_growth must be >= 1"),
        (TrainConfig, {"val_horizon": 0}, "val_horizon must be >= 1"),
        (TrainConfig, {"memory_budget": 0}, "memory_budget must be >= 1"),
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


def test_what_differs_by_kind_names_real_settings():
    for settings in KIND_DEFAULTS.values():
        for name in settings:
            section, field = name.split(".")
            assert hasattr(getattr(RunConfig(), section), field)
