from dataclasses import replace

import numpy as np
import pytest
from augmentation_parts import encoded, latent_model
from linear_plant import plant

from koopcli.augment import checks
from koopcli.augment.checks import Limits, Measured
from koopcli.augment.operator import moved
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Symmetry
from koopcli.evaluate.rollouts import rollout_of

GOOD = Measured(
    shift=np.full(1, 0.1),
    cycle=np.full(1, 0.1),
    before=np.full(1, 1.0),
    after=np.full(1, 1.5),
    outside=np.array([True]),
    far=np.array([False]),
    action_miss=np.zeros(1),
    acting=np.array([True]),
    finite=np.array([True]),
)


@pytest.fixture(scope="module")
def subject():
    dataset = plant()
    model = latent_model(dataset)
    statistics = dataset.statistics
    limits = Limits(
        observations=statistics.observations,
        actions=statistics.actions,
        scale=statistics.observations.scale,
        typical=1.0,
    )
    return model, encoded(model, dataset), limits, rollout_of(model.model, checks.ROWS)


def measure(subject, found):
    model, recorded, limits, predict = subject
    return checks.measure(model, recorded, found, limits, AugmentConfig(), predict)


def test_an_exact_move_has_no_cycle_error_and_no_new_residual(subject):
    model, recorded, limits, _ = subject
    found = measure(subject, moved(model, recorded, 1.01 * recorded.latents))
    assert found.cycle.max() < 1e-2
    states = recorded.blocks.observations
    size = np.sqrt(np.mean((0.01 * states / limits.scale) ** 2, axis=(1, 2)))
    assert found.shift == pytest.approx(size, rel=1e-3)


def test_the_residual_of_the_published_recipe_is_seen(subject):
    model, recorded, limits, _ = subject
    found = measure(subject, moved(model, recorded, 1.1 * recorded.latents))
    u = recorded.inputs
    # What is left over is 0.1 u, decoded.
    over = model.decode(0.1 * u) / limits.scale
    expected = np.sqrt(np.mean(over**2, axis=(1, 2)))
    assert found.after == pytest.approx(expected, rel=1e-3)
    assert found.before.max() < 1e-4


def test_leaving_the_range_and_leaving_it_far_are_two_things(subject):
    model, recorded, limits, _ = subject
    unmoved = moved(model, recorded, recorded.latents)
    top = limits.observations.max[0]
    reach = top - limits.observations.min[0]
    for share, outside, far in (
        (0.0, False, False),
        (0.04, True, False),
        (1, True, True),
    ):
        observations = recorded.blocks.observations.copy()
        observations[0, 3, 0] = top + share * reach
        blocks = replace(unmoved.blocks, observations=observations)
        found = measure(subject, replace(unmoved, blocks=blocks))
        assert (found.outside[0], found.far[0]) == (outside, far)
        assert not found.outside[1:].any()


def test_an_action_outside_the_box_is_seen_unless_it_was_recorded(subject):
    model, recorded, limits, _ = subject
    unmoved = moved(model, recorded, recorded.latents)
    assert measure(subject, unmoved).acting.all()
    actions = recorded.blocks.actions.copy()
    actions[2, 1, 0] = limits.actions.max[0] + 0.1
    blocks = replace(unmoved.blocks, actions=actions)
    found = measure(subject, replace(unmoved, blocks=blocks))
    assert found.acting.tolist() == [row != 2 for row in range(12)]


def test_noise_has_no_cycle(subject):
    model, recorded, *_ = subject
    noisy = replace(moved(model, recorded, recorded.latents), latents=None)
    assert np.isnan(measure(subject, noisy).cycle).all()


@pytest.mark.parametrize(
    "change",
    [
        {"cycle": 0.6},
        {"cycle": np.nan},
        {"after": 2.1},
        {"after": np.nan},
        {"far": True},
        {"action_miss": 0.3},
        {"acting": False},
        {"finite": False},
    ],
)
def test_each_check_can_refuse_a_block(subject, change):
    limits = subject[2]
    assert checks.accepted(GOOD, AugmentConfig(), limits).all()
    changed = {name: np.array([value]) for name, value in change.items()}
    assert not checks.accepted(replace(GOOD, **changed), AugmentConfig(), limits).any()


def test_a_small_error_is_held_against_the_typical_one(subject):
    tiny = replace(GOOD, before=np.array([1e-6]), after=np.array([1.9]))
    assert checks.accepted(tiny, AugmentConfig(), subject[2]).all()


def test_noise_is_only_asked_to_stay_where_data_is(subject):
    config = AugmentConfig(mode=Symmetry.GAUSSIAN, scale=0.1)
    wild = replace(GOOD, cycle=np.array([np.nan]), after=np.array([99.0]))
    assert checks.accepted(wild, config, subject[2]).all()
    far = replace(wild, far=np.array([True]))
    assert not checks.accepted(far, config, subject[2]).any()


def test_the_moves_of_kfc_may_leave_the_image_of_the_states_but_must_move(subject):
    config = AugmentConfig(mode=Symmetry.KFC)
    off = replace(GOOD, cycle=np.array([0.95]))
    limits = subject[2]
    assert checks.accepted(off, config, limits).all()
    assert not checks.accepted(off, replace(config, max_cycle=0.5), limits).any()
    for change in ({"cycle": np.array([np.nan])}, {"after": np.array([2.1])}):
        assert not checks.accepted(replace(off, **change), config, limits).any()
