import math

import numpy as np
import pytest

from koopcli.spectrum import latents

ALIVE = np.zeros(3, bool)


def test_equal_orthogonal_modes_have_full_rank():
    values = np.eye(3)[[0, 1, 2] * 4] * np.array([[1.0], [-1.0]] * 6).astype(complex)
    found = latents.measure(values, np.array([0.1, 0.2, 0.3], complex), ALIVE)
    assert found.entropy == pytest.approx(math.log(3))
    assert found.effective_rank == pytest.approx(3.0)
    assert found.participation_ratio == pytest.approx(3.0)
    assert found.rank_99 == 3


def test_shares_of_three_quarters_and_one_are_worked_out_by_hand():
    values = np.array([[3.0, 0], [-3, 0], [0, 3**0.5], [0, -(3**0.5)]], complex)
    found = latents.measure(values, np.array([0.1, 0.2], complex), ALIVE[:2])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert found.entropy == pytest.approx(entropy)
    assert found.participation_ratio == pytest.approx(1 / (0.75**2 + 0.25**2))


def test_duplicates_need_both_the_eigenvalue_and_the_values():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 50)).astype(complex)
    values = np.stack([one, 2j * one, other], axis=1)
    same = np.array([0.9, 0.9, 0.9], complex)
    assert latents.measure(values, same, ALIVE).duplicates == ((0, 1),)
    apart = np.array([0.9, 0.5, 0.9], complex)
    assert latents.measure(values, apart, ALIVE).duplicates == ()
    dead = np.array([True, False, False])
    found = latents.measure(values, same, dead)
    assert (found.duplicates, found.dead) == ((), (0,))


def test_latents_that_never_vary_are_no_division_by_zero():
    found = latents.measure(np.ones((4, 2), complex), np.ones(2, complex), ALIVE[:2])
    assert found.effective_rank == 1.0
    assert found.as_json()["modes"] == 2
