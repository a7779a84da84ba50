import numpy as np
import pytest
from augmentation_parts import encoded
from bilinear_plant import (
    PUSH,
    STILL,
    TURN,
    J,
    defect,
    plant,
    pushed,
    pushing,
    turned,
    turning,
)

from koopcli.augment import commutant
from koopcli.augment.commutant import basis, commute, projected, scaled, unit

ROUNDING = 2e-5
"""Of float32 through encoder and decoder, in units of the state."""


@pytest.fixture(scope="module")
def subject():
    dataset = plant()
    model = turning(dataset)
    return model, encoded(model, dataset, steps=1)


def operators(model):
    return [commutant.kfc(model, 0), commutant.kfc_plus(model)]


def draws(operator, count, scale=0.3):
    return scale * np.random.default_rng(1).normal(size=(count, operator.size))


def random_matrices(count=6, size=8):
    return np.random.default_rng(2).normal(size=(count, size, size))


def commutator(one, other):
    return np.abs(one @ other - other @ one).max()


def test_what_is_found_commutes_to_rounding():
    matrices = random_matrices()
    found = basis(matrices)
    values = np.random.default_rng(3).normal(size=(6, 8))
    seed = np.random.default_rng(4).normal(size=(8, 8))
    for symmetry in (scaled(found, values), unit(projected(found, seed))):
        assert commutator(matrices, symmetry) < 1e-11
        assert commute(matrices, symmetry).all()
    assert not commute(matrices, random_matrices()[::-1].copy()).any()


def test_a_real_number_per_eigenvalue_scales_it_and_nothing_is_turned():
    found = basis(np.diag([2.0, 3.0])[None])
    np.testing.assert_allclose(
        scaled(found, np.array([[0.1, 0.2]]))[0], np.diag([0.1, 0.2]), atol=1e-15
    )
    # Of a pair of conjugates the mean of both: no part along J.
    found = basis(STILL[None])
    np.testing.assert_allclose(
        scaled(found, np.array([[0.1, 0.3]]))[0], 0.2 * np.eye(2), atol=1e-15
    )


def test_the_part_that_commutes_with_a_rotation_is_known_by_hand():
    matrix = np.array([[1.0, 2.0], [5.0, 4.0]])
    part = projected(basis(STILL[None]), matrix)[0]
    np.testing.assert_allclose(part, 2.5 * np.eye(2) + 1.5 * J, atol=1e-14)
    np.testing.assert_allclose(unit(part[None])[0], part / np.hypot(2.5, 1.5))


def test_a_symmetry_of_all_actions_is_found_from_any_one():
    actions = np.array([-1.0, 0.0, 0.7, 3.0])
    matrices = STILL + actions[:, None, None] * TURN
    found = unit(projected(basis(matrices), random_matrices(1, 2)[0]))
    np.testing.assert_allclose(found, found[:1].repeat(4, 0), atol=1e-13)
    for matrix in matrices:
        assert commutator(matrix, found) < 1e-14


def test_where_there_is_none_the_symmetry_of_one_action_is_not_that_of_another():
    still, moving = random_matrices(2)
    one, other = still + 0.3 * moving, still - 0.5 * moving
    found = unit(projected(basis(one[None]), random_matrices(1)[0]))
    assert commute(one[None], found).all() and not commute(other[None], found).any()
    assert commutator(other, found) > 0.1


@pytest.mark.parametrize("place", [0, 1])
def test_moved_transitions_obey_a_bilinear_plant_to_rounding(subject, place):
    model, recorded = subject
    operator = operators(model)[place]
    found = operator.move(recorded, draws(operator, len(recorded.blocks)))
    assert np.abs(defect(found.blocks, turned)).max() < ROUNDING
    shift = found.blocks.observations - recorded.blocks.observations
    assert np.abs(shift).max() > 0.1 and found.finite.all()
    np.testing.assert_array_equal(found.blocks.actions, recorded.blocks.actions)


@pytest.mark.parametrize("place", [0, 1])
def test_on_an_additive_plant_the_published_recipe_does_not(place):
    # K(a) is exact, but z = (s, 1), and what moves the constant is not seen in the state.
    dataset = plant(pushed)
    model = pushing(dataset)
    recorded = encoded(model, dataset, steps=1)
    operator = operators(model)[place]
    draw = draws(operator, len(recorded.blocks))
    found = operator.move(recorded, draw)
    assert np.abs(defect(recorded.blocks, pushed)).max() < ROUNDING
    error = defect(found.blocks, pushed)
    assert np.abs(error).max() > 1000 * ROUNDING
    # What is left over is the change of the constant times the push.
    constant = found.latents[:, 0, 2] / recorded.latents[:, 0, 2] - 1
    expected = constant[:, None] * recorded.blocks.actions[:, 0] * PUSH
    np.testing.assert_allclose(error, expected, atol=2 * ROUNDING)


def test_one_number_moves_along_the_same_matrix_whatever_its_size(subject):
    model, recorded = subject
    operator = commutant.kfc(model, 0)
    count = len(recorded.blocks)
    some = operator.move(recorded, np.full((count, 1), 0.1)).latents
    more = operator.move(recorded, np.full((count, 1), 0.2)).latents
    np.testing.assert_allclose(
        more - recorded.latents, 2 * (some - recorded.latents), atol=1e-15
    )
    # |X| is that of the identity, which here keeps lengths: 0.1 moves by a tenth.
    length = np.linalg.norm(some - recorded.latents, axis=-1)
    np.testing.assert_allclose(length, 0.1 * np.linalg.norm(recorded.latents, axis=-1))
    other = commutant.kfc(model, 1).move(recorded, np.full((count, 1), 0.1)).latents
    assert not np.allclose(other, some, atol=1e-7)


def test_many_blocks_are_moved_piece_by_piece(subject, monkeypatch):
    model, recorded = subject
    operator = commutant.kfc_plus(model)
    draw = draws(operator, len(recorded.blocks))
    whole = operator.move(recorded, draw).latents
    monkeypatch.setattr(commutant, "CHUNK", 3)
    np.testing.assert_array_equal(operator.move(recorded, draw).latents, whole)


@pytest.mark.parametrize(
    "size", [1.0, 1e38]
)  # the latter: U is singular to the last bit
def test_an_action_without_a_full_set_of_eigenvectors_moves_nothing(subject, size):
    model, recorded = subject
    nilpotent = np.array([0.0, size, 0.0, 0.0])
    broken = recorded.inputs.copy()
    broken[0] = nilpotent
    stuck = type(recorded)(recorded.blocks, recorded.latents, broken)
    operator = commutant.kfc_plus(model)
    found = operator.move(stuck, draws(operator, len(recorded.blocks)))
    assert not found.finite[0] and found.finite[1:].all()
    np.testing.assert_array_equal(
        found.blocks.observations[0], recorded.blocks.observations[0]
    )


@pytest.mark.parametrize("place", [0, 1])
def test_an_action_that_is_not_a_number_stops_nobody_else(subject, place):
    model, recorded = subject
    broken = recorded.inputs.copy()
    broken[2] = np.nan
    odd = type(recorded)(recorded.blocks, recorded.latents, broken)
    operator = operators(model)[place]
    found = operator.move(odd, draws(operator, len(recorded.blocks)))
    assert np.flatnonzero(~found.finite).tolist() == [2]
