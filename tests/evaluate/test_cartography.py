import numpy as np
import pytest

from koopcli.config.evaluation import DataMapConfig
from koopcli.errors import ConfigError
from koopcli.evaluate import cartography


def test_means_and_deviations_of_saturated_errors():
    errors = np.array([[3.0, 1.0, 4.0, 1e9], [1.0, 1.0, 1.0, np.inf]])
    found = cartography.judge(errors, DataMapConfig())
    # The median of the last errors is 1: u = e / (e + 1).
    assert found.typical == 1
    assert found.mean == pytest.approx([0.625, 0.5, 0.65, 1])
    assert found.variability == pytest.approx([0.125, 0, 0.15, 0], abs=1e-8)
    assert found.level[:3] == pytest.approx([1, 1, 1])


def course(windows=100, validations=20, seed=0):
    """Errors that fall from about 1 to about 0.01, each window a little otherwise."""
    random = np.random.default_rng(seed)
    fall = np.geomspace(1, 0.01, validations)[:, None]
    return fall * np.exp(0.3 * random.normal(size=(1, windows)))


def test_an_error_that_does_not_fall_is_suspicious():
    errors = course()
    errors[:, 7] = 2.0
    found = cartography.judge(errors, DataMapConfig())
    assert np.flatnonzero(found.suspicious).tolist() == [7]
    assert found.hard[7] and not found.ambiguous[7]
    assert found.hard.sum() == 10 and found.ambiguous.sum() == 10


def test_an_error_that_is_large_but_falls_or_jumps_is_not():
    errors = course()
    errors[:6, 3] = 50.0
    errors[:, 4] = np.where(np.arange(20) % 2, 3.0, 1e-4)
    found = cartography.judge(errors, DataMapConfig())
    assert not found.suspicious.any()
    assert found.ambiguous[4]


def test_a_run_that_learnt_all_alike_has_no_odd_windows():
    found = cartography.judge(np.zeros((3, 8)), DataMapConfig())
    assert not (found.suspicious | found.hard | found.ambiguous).any()
    assert found.mean == pytest.approx(0.5)


def test_the_fence_is_a_setting():
    errors = course()
    errors[:, 7] = 2.0
    found = cartography.judge(errors, DataMapConfig(fence=50.0))
    assert not found.suspicious.any()


def test_a_share_of_everything_is_refused():
    with pytest.raises(ConfigError, match=r"data_map\.share must be below 1"):
        DataMapConfig(share=1.0)
