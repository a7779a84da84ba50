import numpy as np
import pytest
from augmentation_parts import coasting, encoded, latent_model
from linear_plant import plant

from koopcli.augment import generators
from koopcli.errors import ModelError

ALL = np.ones(4, bool)


@pytest.fixture(scope="module")
def still():
    dataset, model = coasting()
    return model, encoded(model, dataset).blocks.observations[:, 0]


def test_the_plant_has_six_symmetries_and_the_phases_of_real_modes_are_none(still):
    found = generators.on_image(still[0], still[1], ALL)
    # Growth and phase of two pairs, growth of two real modes; a phase of a real mode
    # leaves the real line, and misses by all of its length.
    np.testing.assert_allclose(found.misses, [0, 0, 0, 0, 0, 0, 1, 1], atol=1e-3)
    real = found.directions[6:]
    np.testing.assert_allclose(real[:, :2], 0, atol=1e-3)
    np.testing.assert_allclose(real.real, 0, atol=1e-3)


def test_a_direction_moves_latents_by_their_own_size(still):
    model, states = still
    latents = model.encode(states)
    for row in generators.on_image(model, states, ALL).directions:
        size = np.sum(np.abs(row * latents) ** 2) / np.sum(np.abs(latents) ** 2)
        assert size == pytest.approx(1, rel=1e-5)


def test_modes_that_may_not_move_do_not(still):
    modes = np.array([False, True, False, True])
    found = generators.on_image(still[0], still[1], modes)
    assert (found.directions[:, ~modes] == 0).all()
    assert len(found.misses) == 4


def test_actions_that_must_follow_leave_fewer_symmetries():
    dataset = plant()
    model = latent_model(dataset)
    blocks = encoded(model, dataset).blocks
    found = generators.on_image(
        model, blocks.observations[:, 0], ALL, blocks.actions[:, 0]
    )
    # Scaling everything is one; the undriven mode is free besides.
    assert (found.misses < 1e-3).sum() == 2
    inside = found.directions[:2]
    ones = np.linalg.lstsq(inside.T, np.ones(4, complex), rcond=None)[1]
    assert ones.size == 0 or ones[0] < 1e-4


def test_best_keeps_the_first_few_and_says_when_there_is_none(still):
    found = generators.on_image(still[0], still[1], ALL)
    assert len(generators.best(found, 3, 0.5).misses) == 3
    assert len(generators.best(found, 9, 0.5).misses) == 6
    none = generators.Generators(found.directions[6:], found.misses[6:])
    with pytest.raises(ModelError, match=r"misses by 1 of its length, --max-cycle"):
        generators.best(none, 3, 0.5)


def test_independent_directions_are_growth_and_phase_of_each_mode():
    found = generators.independent(np.array([True, False]))
    np.testing.assert_array_equal(found.directions, [[1, 0], [1j, 0]])
