import pytest

from koopcli.config.benchmark import (
    BenchmarkPredictConfig,
    BenchmarkTrainConfig,
    BenchmarkUnrollConfig,
)
from koopcli.config.choices import ModelKind
from koopcli.errors import ConfigError


def test_the_defaults_are_those_of_the_papers_figure():
    config = BenchmarkTrainConfig()
    assert config.horizons == (10, 25, 50, 100, 200, 500) and config.batch_size == 256
    assert ModelKind.EDMDC not in config.models and len(config.models) == 5


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (BenchmarkTrainConfig, {"models": ()}, "models must name"),
        (BenchmarkTrainConfig, {"models": (ModelKind.MLP,) * 2}, "none twice"),
        (BenchmarkTrainConfig, {"models": (ModelKind.EDMDC,)}, "no gradient steps"),
        (BenchmarkTrainConfig, {"horizons": ()}, "horizons must name"),
        (BenchmarkTrainConfig, {"horizons": (1, 1)}, "horizons must name"),
        (BenchmarkTrainConfig, {"horizons": (0,)}, "horizons must be >= 1"),
        (BenchmarkTrainConfig, {"batch_size": 0}, "batch_size must be >= 1"),
        (BenchmarkTrainConfig, {"seconds": 0.0}, "seconds must be > 0"),
        (BenchmarkTrainConfig, {"params": 0}, "params must be >= 1"),
        (BenchmarkTrainConfig, {"observation_dim": 0}, "observation_dim must be >= 1"),
        (BenchmarkTrainConfig, {"action_dim": -1}, "action_dim must be >= 0"),
        (BenchmarkTrainConfig, {"repeats": 0}, "repeats must be >= 1"),
        (BenchmarkPredictConfig, {"batch_sizes": (0,)}, "batch_sizes must be >= 1"),
        (BenchmarkPredictConfig, {"horizons": ()}, "horizons must name"),
        (BenchmarkUnrollConfig, {"horizons": ()}, "horizons must name"),
        (BenchmarkUnrollConfig, {"batch_size": 0}, "batch_size must be >= 1"),
        (BenchmarkUnrollConfig, {"latent_dim": 0}, "latent_dim must be >= 1"),
    ],
)
def test_settings_out_of_range_are_named(kind, values, words):
    with pytest.raises(ConfigError, match=words):
        kind(**values)
