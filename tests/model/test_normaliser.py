import jax
import jax.numpy as jnp
import numpy as np

from koopcli.model.normaliser import Normaliser


def test_standardise_by_hand_and_back():
    normaliser = Normaliser(np.array([1.0, 10.0]), np.array([2.0, 1.0]))
    value = jnp.array([[5.0, 10.0], [1.0, 7.0]])
    standard = normaliser.standardise(value)
    assert jnp.array_equal(standard, jnp.array([[2.0, 0.0], [0.0, -3.0]]))
    assert jnp.array_equal(normaliser.restore(standard), value)


def test_statistics_have_no_gradient():
    normaliser = Normaliser(np.zeros(2), np.ones(2))
    gradient = jax.grad(lambda n: jnp.sum(n.standardise(jnp.ones(2)) ** 2))(normaliser)
    assert not gradient.mean.any() and not gradient.scale.any()
