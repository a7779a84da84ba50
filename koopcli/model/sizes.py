"""Widths that give a model a wanted number of parameters.

Models are compared at equal numbers of parameters, and their widths mean different
things. The widths of a kind are scaled together, in the proportions of the
configuration, until the number fits. Counting needs shapes only: nothing is allocated.
"""

import dataclasses

import equinox as eqx
import jax
from jaxtyping import PyTree

from koopcli.config.choices import ModelKind, Observables
from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel

TOLERANCE = 0.05
"""Largest relative difference to what was wanted, where widths allow it."""
UNITS = (8, 4, 2, 1)
"""Widths are multiples of the first of these that is fine enough: processors compute in
blocks."""
WIDTHS = {
    ModelKind.KOOPMAN: (
        *("latent_dim", "encoder_width", "decoder_width"),
        *("reward_width", "action_width"),
    ),
    ModelKind.EDMDC: ("features",),
    ModelKind.KFC: ("latent_dim", "width"),
}
"""What is scaled, by kind; `width` alone for the others."""


def resolve(config: ModelConfig, dims: Dimensions) -> ModelConfig:
    """Return `config` with widths for about `config.params` parameters.

    Widths that fit already are kept, so resolving again changes nothing. Those of a small
    transformer, multiples of 2 * heads, may be further off than `TOLERANCE`.

    Raises:
        ConfigError: Even the narrowest model has too many; its number is named. Or the
            kind has no widths.
    """
    wanted = config.params
    if wanted is None or _miss(config, dims, wanted) <= TOLERANCE:
        return config
    if config.kind is ModelKind.EDMDC and config.observables is Observables.POLYNOMIAL:
        raise ConfigError("model.params: polynomials come in fixed numbers; set degree")
    units = (2 * config.heads,) if config.kind is ModelKind.TRANSFORMER else UNITS
    smallest = count(_scaled(config, units[-1], 1), dims)
    if wanted < smallest * (1 - TOLERANCE):
        raise ConfigError(
            f"model.params: {wanted} is too small; the narrowest {config.kind} model "
            f"of this depth has {smallest} parameters on this data"
        )
    found = []
    for unit in units:
        found.append(_nearest(config, dims, wanted, unit))
        if _miss(found[-1], dims, wanted) <= TOLERANCE:
            break
    return min(found, key=lambda candidate: _miss(candidate, dims, wanted))


def count(config: ModelConfig, dims: Dimensions) -> int:
    """Return the number of trained parameters; normalisers have none."""
    return size(eqx.filter_eval_shape(build, config, dims, key=jax.random.key(0)))


def size(model: DynamicsModel) -> int:
    """Return the number of trained parameters of a model."""
    return _leaves(model) - _leaves(
        (model.state_normaliser, model.action_normaliser, model.reward_normaliser)
    )


def _leaves(tree: PyTree) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree) if hasattr(leaf, "size"))


def _miss(config: ModelConfig, dims: Dimensions, wanted: int) -> float:
    return abs(count(config, dims) - wanted) / wanted


def _nearest(
    config: ModelConfig, dims: Dimensions, wanted: int, unit: int
) -> ModelConfig:
    # The number grows with the scale: double until it is enough, then bisect.
    def enough(scale: int) -> bool:
        return count(_scaled(config, unit, scale), dims) >= wanted

    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    neighbours = [_scaled(config, unit, scale) for scale in (max(low, 1), high)]
    return min(neighbours, key=lambda candidate: _miss(candidate, dims, wanted))


def _scaled(config: ModelConfig, unit: int, scale: int) -> ModelConfig:
    # The widest gets unit * scale; the others follow, rounded to units.
    names = WIDTHS.get(config.kind, ("width",))
    widest = max(getattr(config, name) for name in names)
    widths = {
        name: unit * max(1, round(scale * getattr(config, name) / widest))
        for name in names
    }
    return dataclasses.replace(config, **widths)
