import pytest

from koopcli.config.choices import Split
from koopcli.config.report import ReportConfig
from koopcli.errors import ConfigError


def test_the_settings_are_those_of_eval_and_inspect():
    config = ReportConfig(split=Split.VAL, horizons=(2,), tolerance=0.1)
    assert (config.evaluation.split, config.evaluation.horizons) == (Split.VAL, (2,))
    assert (config.inspection.split, config.inspection.tolerance) == (Split.VAL, 0.1)


def test_wrong_settings_are_refused():
    with pytest.raises(ConfigError, match=r"report\.modes must be >= 1, got 0"):
        ReportConfig(modes=0)
    with pytest.raises(ConfigError, match=r"eval\.horizons must be >= 1"):
        ReportConfig(horizons=(0,))
    with pytest.raises(ConfigError, match=r"inspect\.tolerance must be > 0"):
        ReportConfig(tolerance=0.0)
