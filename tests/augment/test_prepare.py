from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from augmentation_parts import latent_model, write_plant
from linear_plant import plant
from linear_world import model_meta, untrained, world

from koopcli.augment.blocks import encode, gather
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.prepare import load_judge, passes, prepare
from koopcli.augment.summary import Checks
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Rewards, Symmetry, Unit
from koopcli.data.windows import start_table
from koopcli.delays import Delays
from koopcli.errors import ConfigError, DataError, ModelError

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


def test_a_given_scale_is_taken_and_nothing_searched(subject):
    config = AugmentConfig(scale=0.3, unit=Unit.TRAJECTORY)
    found = prepare(*subject, config)
    assert (found.scale, found.search, found.steps) == (0.3, (), 20)


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


def test_a_judge_measures_what_the_model_does(subject, tmp_path):
    model, dataset = subject
    run, _ = write_plant(tmp_path, dataset, model)
    judge = load_judge(run, dataset)
    found = prepare(model, dataset, AugmentConfig(largest=0.001), judge)
    row = found.search[0]
    assert row.judge_ratio == pytest.approx(row.residual_ratio, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delays": Delays(2, 1, ("x",), ())}, "is delay-embedded"),
        ({"provenance": {"augmentation": {}}}, "holds augmented episodes already"),
    ],
)
def test_data_that_cannot_be_moved_is_refused(subject, change, message):
    model, dataset = subject
    with pytest.raises(DataError, match=message):
        prepare(model, replace(dataset, **change), AugmentConfig())


def test_rewards_need_a_head_and_latents(subject):
    with pytest.raises(ConfigError, match="the model or the data has no rewards"):
        prepare(*subject, AugmentConfig(rewards=Rewards.MODEL))
    config = AugmentConfig(mode=Symmetry.GAUSSIAN, scale=1, rewards=Rewards.MODEL)
    with pytest.raises(ConfigError, match="noise has no latents"):
        prepare(*subject, config)


def test_recomputed_rewards_are_part_of_the_proposals():
    dataset = world()
    meta = model_meta(dataset)
    model = LatentModel(untrained(meta), meta)
    changed = []
    for rewards in Rewards:
        config = AugmentConfig(rewards=rewards, scale=0.1, probe=4)
        found = prepare(model, dataset, config)
        blocks = gather(dataset, start_table(dataset, "train").at(np.arange(4)), 1)
        moved = found.propose(encode(model, blocks), np.full((4, 3), 0.1))[0]
        changed.append(np.abs(moved.blocks.rewards - blocks.rewards).max() > 1e-4)
    assert changed == [False, True]
