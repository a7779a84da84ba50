import numpy as np
import pytest

from koopcli.train.eigenbasis import diagonalise, spectral_radius, stabilise


def random_matrix(radius, size=40, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(size, size))
    return matrix * (radius / spectral_radius(matrix))


def test_the_modes_add_up_to_the_matrix():
    matrix = random_matrix(1.3)
    basis = diagonalise(matrix)
    assert np.abs(basis.matrix(basis.values) - matrix).max() < 1e-6
    assert (basis.values.imag >= 0).all() and 20 <= len(basis.values) < 40
    assert (np.diff(np.abs(basis.values)) <= 1e-12).all()


def test_modes_advance_as_the_matrix_does():
    matrix, state = random_matrix(0.9), np.arange(40.0)
    basis = diagonalise(matrix)
    modes = basis.values**3 * (basis.left @ state)
    expected = np.linalg.matrix_power(matrix, 3) @ state
    assert np.allclose(np.real(basis.right @ modes), expected)


def test_stabilising_moves_growing_modes_only():
    matrix = random_matrix(1.2)
    found = stabilise(matrix)
    assert spectral_radius(found.astype(np.float32).astype(float)) <= 1
    before, after = (np.linalg.eigvals(m) for m in (matrix, found))
    kept = before[np.abs(before) < 0.99]
    assert len(kept) < 40
    assert all(np.abs(after - value).min() < 1e-8 for value in kept)
    for value in before[np.abs(before) > 1]:
        assert np.abs(after - value / abs(value)).min() < 1e-3


def test_a_stable_matrix_is_left_alone():
    matrix = random_matrix(0.99)
    assert stabilise(matrix) is matrix


@pytest.mark.parametrize("diagonal", [1.0, 1.1])
def test_a_matrix_without_eigenvectors_is_scaled(diagonal):
    found = stabilise(np.array([[diagonal, 1.0], [0.0, diagonal]]))
    assert spectral_radius(found.astype(np.float32).astype(float)) <= 1
    assert np.abs(found).max() > 0.5


def test_conserved_quantities_stay():
    found = stabilise(np.diag([1.0, 1.0, 0.5]))
    assert np.allclose(found, np.diag([1.0, 1.0, 0.5]), atol=1e-5)


def test_nothing_has_no_modes():
    assert spectral_radius(np.zeros((0, 0))) == 0.0
