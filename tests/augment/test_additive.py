import numpy as np
import pytest
from augmentation_parts import ROUNDING, coasting, defect, encoded, latent_model
from linear_plant import plant

from koopcli.augment import additive
from koopcli.augment.operator import moved


@pytest.fixture(scope="module")
def subject():
    dataset = plant()
    model = latent_model(dataset)
    return model, encoded(model, dataset)


@pytest.mark.parametrize("make", [additive.on_image, additive.free, additive.flow])
def test_moved_trajectories_obey_the_true_plant_to_rounding(subject, make):
    model, recorded = subject
    operator = make(model)
    draw = np.random.default_rng(0).normal(size=(12, operator.size)) * 0.3
    found = operator.move(recorded, draw)
    shift = found.blocks.observations - recorded.blocks.observations
    assert np.abs(shift[:, 0]).max() > 0.05
    assert defect(found.blocks) < ROUNDING
    assert found.finite.all() and found.action_miss is None
    np.testing.assert_array_equal(found.blocks.actions, recorded.blocks.actions)


def test_the_published_recipe_with_the_action_kept_does_not(subject):
    model, recorded = subject
    factor = np.exp(0.3 * (1 + 1j) * np.ones(4))
    naive = moved(model, recorded, factor * recorded.latents)
    # (S - 1) u stays over at every step.
    over = np.abs((factor - 1) * recorded.inputs).max()
    assert defect(naive.blocks) > 0.1 * over > 1000 * ROUNDING


def test_the_homogeneous_move_keeps_the_residual_of_every_step(subject):
    model, recorded = subject
    delta = np.random.default_rng(1).normal(size=(12, 4)) * (0.5 + 0.2j)
    after = additive.add(model, recorded, delta)
    values = np.exp(model.exponents)

    def residual(latents):
        return latents[:, 1:] - values * latents[:, :-1] - recorded.inputs

    np.testing.assert_allclose(residual(after), residual(recorded.latents), atol=1e-12)


def test_noise_of_one_deviation_moves_the_start_by_just_that(subject):
    model, recorded = subject
    draw = np.zeros((12, 6))
    draw[:, 2] = 1.0
    found = additive.on_image(model).move(recorded, draw)
    shift = found.blocks.observations[:, 0] - recorded.blocks.observations[:, 0]
    expected = np.zeros((12, 6))
    expected[:, 2] = model.reach[2]
    np.testing.assert_allclose(shift, expected, atol=1e-6)


def test_a_flow_of_one_step_without_inputs_is_the_next_observation():
    dataset, model = coasting()
    recorded = encoded(model, dataset)
    found = additive.flow(model).move(recorded, np.ones((12, 1)))
    np.testing.assert_allclose(
        found.blocks.observations[:, :-1],
        recorded.blocks.observations[:, 1:],
        atol=ROUNDING,
    )


def test_a_flow_of_one_step_starts_where_the_held_action_leads(subject):
    model, recorded = subject
    found = additive.flow(model).move(recorded, np.ones((12, 1)))
    np.testing.assert_allclose(
        found.blocks.observations[:, 0], recorded.blocks.observations[:, 1], atol=1e-4
    )


def test_a_move_that_overflows_leaves_the_block_as_it_was(subject):
    model, recorded = subject
    found = additive.free(model).move(recorded, np.full((12, 8), 1e3))
    assert not found.finite.any()
    np.testing.assert_array_equal(
        found.blocks.observations, recorded.blocks.observations
    )
