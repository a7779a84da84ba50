import pytest

from koopcli.config.choices import ModelKind
from koopcli.config.comparison import Budget, CompareConfig
from koopcli.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "either steps or seconds"),
        ({"steps": 1, "seconds": 1.0}, "either steps or seconds"),
        ({"steps": 0}, r"budget\.steps must be >= 1"),
        ({"seconds": 0.0}, r"budget\.seconds must be > 0"),
        ({"seconds": float("inf")}, r"budget\.seconds must be finite"),
    ],
)
def test_a_budget_is_steps_or_seconds_and_finite(settings, message):
    with pytest.raises(ConfigError, match=message):
        Budget(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": ()}, r"compare\.models must name at least one"),
        ({"models": (ModelKind.MLP, ModelKind.MLP)}, "names one twice"),
        ({"seeds": (-1,)}, r"compare\.seeds must be >= 0"),
        ({"horizons": (0,)}, r"compare\.horizons must be >= 1"),
        ({"params": 0}, r"compare\.params must be >= 1"),
    ],
)
def test_a_comparison_has_limits(settings, message):
    with pytest.raises(ConfigError, match=message):
        CompareConfig(**settings)


def test_the_model_for_one_step_is_compared_only_if_it_is_named():
    assert set(ModelKind) - set(CompareConfig().models) == {ModelKind.KFC}
    assert CompareConfig(models=(ModelKind.KFC,)).models == (ModelKind.KFC,)
