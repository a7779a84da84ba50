import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import Observables
from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError
from koopcli.model import observables

POLYNOMIAL = Observables.POLYNOMIAL


def test_products_of_fourier_features_approach_the_mean_of_the_kernels(key):
    states = jnp.array([[0.0, 0.0], [1.0, -1.0], [2.0, 0.5]])
    features = observables.FourierFeatures(2, 40_000, key=key).with_distance(2.0)
    lifted = features(states)
    distance = np.linalg.norm(states[:, None] - states[None], axis=-1)
    kernels = [
        np.exp(-(distance**2) / (2 * (width * 2.0) ** 2))
        for width in observables.BANDWIDTHS
    ]
    found = lifted @ lifted.T / lifted.shape[1]
    assert np.allclose(found, np.mean(kernels, axis=0), atol=0.02)


def test_monomials_are_all_products_of_two_and_three():
    config = ModelConfig(observables=POLYNOMIAL, degree=3)
    lift = observables.build(config, 2, key=jax.random.key(0))
    x, y = 2.0, -3.0
    expected = [x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3]
    assert lift(jnp.array([[x, y]])).tolist() == [expected]
    assert observables.count(config, 2) == 7


@pytest.mark.parametrize("kind", list(Observables))
def test_none_at_all_is_possible(kind, key):
    config = ModelConfig(observables=kind, degree=1, features=0)
    lift = observables.build(config, 3, key=key)
    assert lift(jnp.ones((4, 3))).shape == (4, 0)
    assert observables.count(config, 3) == 0


def test_too_many_polynomials_are_refused(key):
    config = ModelConfig(observables=POLYNOMIAL, degree=3)
    with pytest.raises(ConfigError, match=r"more than 5000; lower it or take"):
        observables.build(config, 100, key=key)
