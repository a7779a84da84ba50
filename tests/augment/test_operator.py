import numpy as np
import pytest
from augmentation_parts import encoded, latent_model
from linear_plant import plant
from linear_world import model_meta, untrained, world

from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.operator import moved, rewarded


@pytest.fixture(scope="module")
def subject():
    """An untrained model: its auto-encoder is wrong everywhere, and so is its reward."""
    dataset = world()
    meta = model_meta(dataset)
    model = DiagonalModel(untrained(meta), meta)
    return model, encoded(model, dataset)


def test_without_a_move_nothing_changes_whatever_the_auto_encoder_does(subject):
    model, recorded = subject
    found = moved(model, recorded, recorded.latents)
    np.testing.assert_array_equal(
        found.blocks.observations, recorded.blocks.observations
    )


def test_states_change_by_the_difference_of_what_is_decoded(subject):
    model, recorded = subject
    found = moved(model, recorded, 1.1 * recorded.latents)
    change = model.decode(1.1 * recorded.latents) - model.decode(recorded.latents)
    assert np.abs(change[..., 2]).max() > 1e-3
    change[..., 2] = 0  # a column that never varies stays as it is
    np.testing.assert_allclose(
        found.blocks.observations - recorded.blocks.observations, change, atol=1e-5
    )


def test_a_known_start_is_taken_as_it_is_and_its_rest_is_carried_along(subject):
    model, recorded = subject
    start = recorded.blocks.observations[:, 0] + np.array([0.5, 0.5, 0])
    latents = 1.1 * recorded.latents
    found = moved(model, recorded, latents, start=start)
    np.testing.assert_allclose(found.blocks.observations[:, 0], start, atol=1e-6)
    change = model.decode(latents) - model.decode(recorded.latents)
    expected = (0.5 + change - change[:, :1]) * [1, 1, 0]
    np.testing.assert_allclose(
        found.blocks.observations - recorded.blocks.observations, expected, atol=1e-5
    )


def test_rewards_change_by_the_difference_of_the_head(subject):
    model, recorded = subject
    found = moved(model, recorded, 1.1 * recorded.latents)
    np.testing.assert_array_equal(found.blocks.rewards, recorded.blocks.rewards)
    after = rewarded(model, recorded, found)
    actions = recorded.blocks.actions
    change = model.reward(1.1 * recorded.latents[:, 1:], actions) - model.reward(
        recorded.latents[:, 1:], actions
    )
    assert np.abs(change).max() > 1e-3
    np.testing.assert_allclose(
        after.blocks.rewards - recorded.blocks.rewards, change, atol=1e-5
    )


def test_blocks_without_rewards_stay_without():
    dataset = plant()
    model = latent_model(dataset)
    recorded = encoded(model, dataset)
    found = moved(model, recorded, recorded.latents)
    assert rewarded(model, recorded, found) is found
