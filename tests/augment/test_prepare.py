from dataclasses import replace

import numpy as np
import pytest
from augmentation_parts import latent_model, write_plant
from linear_plant import plant
from linear_world import model_meta, untrained, world

from koopcli.augment.blocks import encode, gather
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.prepare import load_judge, prepare
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Rewards, Symmetry, Unit
from koopcli.data.windows import start_table
from koopcli.delays import Delays
from koopcli.errors import ConfigError, DataError


@pytest.fixture(scope="module")
def subject():
    dataset = plant(noise=0.01)
    return latent_model(dataset), dataset


def test_a_given_scale_is_taken_and_nothing_searched(subject):
    config = AugmentConfig(scale=0.3, unit=Unit.TRAJECTORY)
    found = prepare(*subject, config)
    assert (found.scale, found.search, found.steps) == (0.3, (), 20)


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
    model = DiagonalModel(untrained(meta), meta)
    changed = []
    for rewards in Rewards:
        config = AugmentConfig(rewards=rewards, scale=0.1, probe=4)
        found = prepare(model, dataset, config)
        blocks = gather(dataset, start_table(dataset, "train").at(np.arange(4)), 1)
        moved = found.propose(encode(model, blocks), np.full((4, 3), 0.1))[0]
        changed.append(np.abs(moved.blocks.rewards - blocks.rewards).max() > 1e-4)
    assert changed == [False, True]
