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


def test_confining_clips_to_the_training_range_and_a_quarter_of_it():
    normaliser = Normaliser(
        np.array([1.0]), np.array([2.0]), np.array([-1.0]), np.array([3.0])
    )
    # The box is [-2, 4]: in standard units [-1.5, 1.5].
    values = jnp.array([[-9.0], [0.3], [9.0]])
    assert jnp.allclose(normaliser.confine(values)[:, 0], jnp.array([-1.5, 0.3, 1.5]))
    unlimited = Normaliser(np.zeros(1), np.ones(1))
    assert jnp.array_equal(unlimited.confine(values), values)
