from functools import partial

import pytest
from augmentation_parts import latent_model
from linear_plant import plant

from koopcli.augment.prepare import prepare
from koopcli.augment.search import passes
from koopcli.augment.summary import Checks
from koopcli.config.augmentation import AugmentConfig
from koopcli.errors import ModelError

ROW = partial(
    Checks,
    scale=1.0,
    proposals=9,
    shift=1.0,
    cycle_median=0.0,
    cycle_p95=0.0,
    outside=0.0,
)


@pytest.fixture(scope="module")
def subject():
    dataset = plant(noise=0.01)
    return latent_model(dataset), dataset


def test_the_scale_doubles_until_the_checks_fail(subject):
    heard = []
    found = prepare(*subject, AugmentConfig(smallest=0.25), tell=heard.append)
    scales = [row.scale for row in found.search]
    assert scales == [0.25 * 2**i for i in range(len(scales))]
    passed = [passes(row, found.config) for row in found.search]
    assert passed == [True] * (len(passed) - 1) + [False]
    assert found.scale == scales[-2] and len(heard) == len(scales)
    assert found.steps == 1


def test_where_no_scale_passes_it_is_said(subject):
    with pytest.raises(ModelError, match=r"no scale passes: at the smallest, 0\.001"):
        prepare(*subject, AugmentConfig(max_residual=1e-6))


@pytest.mark.parametrize(
    ("accepted", "residual", "judge", "good"),
    [
        (0.5, 2.0, None, True),
        (0.4, 1.0, None, False),
        (1.0, 2.1, None, False),
        (1.0, 1.0, 2.1, False),
        (1.0, 1.0, 1.9, True),
        (0.0, float("nan"), None, False),
    ],
)
def test_a_scale_passes_if_enough_is_accepted_and_neither_model_objects(
    accepted, residual, judge, good
):
    row = ROW(accepted=accepted, residual_ratio=residual, judge_ratio=judge)
    assert passes(row, AugmentConfig()) is good
