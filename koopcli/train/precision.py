"""Mixed precision: products in bfloat16, everything else in float32.

Source: Micikevicius et al. 2018, arXiv:1710.03740; bfloat16 has the range of float32, so
that no loss needs scaling (Kalamkar et al. 2019, arXiv:1905.12322).
"""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp

from koopcli.config.choices import Precision
from koopcli.model.networks import Linear

Model = TypeVar("Model", bound=eqx.Module)


def lowered(model: Model, precision: Precision) -> Model:
    """Return what a gradient step computes with.

    Weights of networks are rounded, so that their products, also those of the gradient, are
    bfloat16's. Parameters, recurrences, activations and losses stay float32: the gradient
    is by the parameters that were rounded, and the optimiser sees no rounded ones.
    """
    if precision is Precision.FLOAT32:
        return model
    return jax.tree.map(_rounded, model, is_leaf=_is_linear)


def _is_linear(node: object) -> bool:
    return isinstance(node, Linear)


def _rounded(node: object) -> object:
    if not isinstance(node, Linear):
        return node
    return eqx.tree_at(lambda n: n.weight, node, node.weight.astype(jnp.bfloat16))
