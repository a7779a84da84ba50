import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koopcli.train.orthogonal import POLYNOMIALS, orthogonal


def of_singular_values(matrix):
    left, values, right = np.linalg.svd(np.asarray(matrix, float), full_matrices=False)
    values = values / np.linalg.norm(values)
    for a, b, c in POLYNOMIALS:
        values = a * values + b * values**3 + c * values**5
    return (left * values) @ right


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    seed=st.integers(0, 99),
)
def test_it_is_the_polynomials_of_the_singular_values(rows, columns, scale, seed):
    matrix = scale * jax.random.normal(jax.random.key(seed), (rows, columns))
    expected = of_singular_values(matrix)
    np.testing.assert_allclose(orthogonal(matrix), expected, atol=2e-3)


def test_values_of_two_decades_come_close_to_one():
    values = np.geomspace(0.005, 0.9, 2000)
    for a, b, c in POLYNOMIALS:
        values = a * values + b * values**3 + c * values**5
    assert values.min() > 0.5 and values.max() < 1.5


def test_a_rotation_stays_one_up_to_the_size_of_its_values():
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result = np.asarray(orthogonal(jnp.asarray(turn, jnp.float32)))
    size = np.linalg.norm(result) / np.sqrt(2)
    assert 0.5 < size < 1.5
    np.testing.assert_allclose(result / size, turn, atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 1), (1, 1)])
def test_zeros_stay_zeros(shape):
    assert not orthogonal(jnp.zeros(shape)).any()
