import math

import pytest

from koopcli.config.augmentation import MAX_CYCLE, AugmentConfig
from koopcli.config.choices import Symmetry, Unit
from koopcli.errors import ConfigError


def test_the_scale_is_searched_unless_it_is_given():
    assert AugmentConfig().scale is None
    assert AugmentConfig(scale=0.1).scale == 0.1


def test_noise_needs_a_scale():
    with pytest.raises(ConfigError, match=r"noise of any size passes.*0\.003"):
        AugmentConfig(mode=Symmetry.GAUSSIAN)
    assert AugmentConfig(mode=Symmetry.GAUSSIAN, scale=0.003).scale == 0.003


def test_the_cycle_error_decides_but_for_kfc_unless_it_is_asked_to():
    assert AugmentConfig().cycle_limit == MAX_CYCLE == 0.5
    assert AugmentConfig(max_cycle=0.2).cycle_limit == 0.2
    for mode in (Symmetry.KFC, Symmetry.KFC_PLUS):
        assert AugmentConfig(mode=mode).cycle_limit == math.inf
        assert AugmentConfig(mode=mode, max_cycle=0.2).cycle_limit == 0.2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 0.0}, "augment.scale must be > 0"),
        ({"scale": math.inf}, "augment.scale must be finite"),
        ({"scale": math.nan}, "augment.scale must be > 0"),
        ({"largest": math.inf}, "augment.largest must be finite"),
        ({"largest": 1e-4}, "augment.largest must be >= 0.001"),
        ({"smallest": 0.0}, "augment.smallest must be > 0"),
        ({"probability": 0.0}, "augment.probability must be > 0"),
        ({"probability": 1.5}, "augment.probability must lie in"),
        ({"copies": 0}, "augment.copies must be >= 1"),
        ({"max_cycle": 0.0}, "augment.max_cycle must be > 0"),
        ({"max_residual": 0.0}, "augment.max_residual must be > 0"),
        ({"margin": -0.1}, "augment.margin must be >= 0"),
        ({"action_tolerance": -1}, "augment.action_tolerance must be >= 0"),
        ({"input_tolerance": -1}, "augment.input_tolerance must be >= 0"),
        ({"min_accepted": 2}, "augment.min_accepted must lie in"),
        ({"seed": -1}, "augment.seed must be >= 0"),
        ({"probe": 0}, "augment.probe must be >= 1"),
        (
            {"mode": Symmetry.KFC_PLUS, "unit": Unit.TRAJECTORY},
            r"unit trajectory: what kfc\+\+ moves along depends on the action",
        ),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        AugmentConfig(**settings)
