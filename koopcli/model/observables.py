"""Fixed functions of the state in which a non-linear system looks more linear."""

import math
from functools import cache
from itertools import combinations_with_replacement

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.config.choices import Observables
from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError

BANDWIDTHS = (0.5, 1.0)
"""Kernel bandwidths that the features are shared out over, in median distances."""
MAX_MONOMIALS = 5000
"""Bound on the number of polynomials, whose square is the size of the model."""


class FourierFeatures(eqx.Module):
    """√2 cos(s Ω + β), with Ω normal over the bandwidth and β uniform in [0, 2π).

    The mean over features of φ(s) φ(s') is about exp(-|s - s'|² / 2 bandwidth²). Source:
    Rahimi & Recht 2007, Random features for large-scale kernel machines.
    """

    frequencies: Float[Array, "state feature"]
    phases: Float[Array, " feature"]

    def __init__(self, state: int, features: int, *, key: PRNGKeyArray):
        """Draw for a median distance of 1; see `with_distance`."""
        frequency_key, phase_key = jax.random.split(key)
        widths = jnp.resize(jnp.asarray(BANDWIDTHS), (1, features))
        self.frequencies = jax.random.normal(frequency_key, (state, features)) / widths
        self.phases = jax.random.uniform(phase_key, (features,), maxval=2 * math.pi)

    def with_distance(self, median: float) -> "FourierFeatures":
        """Stretch the bandwidths for data whose median distance is `median`."""
        return eqx.tree_at(lambda f: f.frequencies, self, self.frequencies / median)

    def __call__(
        self, state: Float[Array, "*batch state"]
    ) -> Float[Array, "*batch feature"]:
        """Return the features of states in standard units."""
        phases = self.phases.reshape((1,) * (state.ndim - 1) + self.phases.shape)
        return math.sqrt(2) * jnp.cos(state @ self.frequencies + phases)


class Monomials(eqx.Module):
    """All products of 2 … `degree` components of the state."""

    state: int = eqx.field(static=True)
    degree: int = eqx.field(static=True)

    def __call__(
        self, state: Float[Array, "*batch state"]
    ) -> Float[Array, "*batch feature"]:
        """Return the monomials of states in standard units."""
        padded = jnp.concatenate([state, jnp.ones_like(state[..., :1])], axis=-1)
        return jnp.prod(padded[..., factors(self.state, self.degree)], axis=-1)


@cache
def factors(state: int, degree: int) -> Int[np.ndarray, "feature degree"]:
    """Return which components each monomial multiplies; `state` stands for a 1."""
    chosen = [
        (*part, *[state] * (degree - size))
        for size in range(2, degree + 1)
        for part in combinations_with_replacement(range(state), size)
    ]
    return np.array(chosen, np.int64).reshape(-1, degree)


def build(
    config: ModelConfig, state: int, *, key: PRNGKeyArray
) -> FourierFeatures | Monomials:
    """Build the observables that `config` names, for `state` dimensions.

    Raises:
        ConfigError: The polynomials would be too many.
    """
    if config.observables is Observables.FOURIER:
        return FourierFeatures(state, config.features, key=key)
    if count(config, state) > MAX_MONOMIALS:
        raise ConfigError(
            f"model.degree: polynomials up to degree {config.degree} of {state} "
            f"dimensions are {count(config, state)}, more than {MAX_MONOMIALS}; lower it "
            "or take --set observables=fourier"
        )
    return Monomials(state, config.degree)


def count(config: ModelConfig, state: int) -> int:
    """Return how many observables there are besides the state."""
    if config.observables is Observables.FOURIER:
        return config.features
    return math.comb(state + config.degree, config.degree) - 1 - state
