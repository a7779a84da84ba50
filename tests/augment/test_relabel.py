import numpy as np
import pytest
from augmentation_parts import latent_model
from linear_plant import plant

from koopcli.augment import relabel


def test_actions_are_found_again_from_their_inputs():
    model = latent_model(plant())
    random = np.random.default_rng(0)
    aim = random.normal(size=(3, 4, 2))
    start = random.normal(size=(3, 4, 2))
    found = relabel.solve(model, start, model.drive(aim))
    np.testing.assert_allclose(found, aim, atol=1e-4)


def test_an_aim_that_is_not_finite_leaves_the_action():
    model = latent_model(plant())
    start = np.ones((1, 1, 2))
    found = relabel.solve(model, start, np.full((1, 1, 4), np.nan + 0j))
    np.testing.assert_array_equal(found, start)


def test_the_miss_is_one_where_the_action_was_kept_and_leaves_out_filled_steps():
    before = np.ones((2, 2, 3), np.complex128)
    aim = 2 * before
    steps = np.array([[True, True], [True, False]])
    assert relabel.miss(before, aim, before, steps) == pytest.approx([1, 1])
    reached = aim.copy()
    reached[:, 1] = 7
    missed = relabel.miss(reached, aim, before, steps)
    assert missed == pytest.approx([np.sqrt(25 / 2), 0])
