"""Multilayer perceptrons that work on the last axis.

Weights are stored `(inputs, outputs)` and applied as `x @ weight`. All leading axes (time,
batch) become one first: XLA's CPU backend transposes both arrays before it sums over two
axes, as the gradient of the weight would, which takes twice as long as the product.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex, Float, PRNGKeyArray

Module = TypeVar("Module", bound=eqx.Module)
Outputs = Float[Array, "*batch outputs"]


class Linear(eqx.Module):
    """`y = x W + b`; the product in the precision of W, the rest in that of b."""

    weight: Float[Array, "inputs outputs"]
    bias: Float[Array, " outputs"]

    def __init__(self, inputs: int, outputs: int, *, key: PRNGKeyArray):
        """Start with variance 1 / inputs (LeCun), so that unit inputs stay unit."""
        self.weight = jax.random.normal(key, (inputs, outputs)) / jnp.sqrt(
            jnp.float32(max(inputs, 1))
        )
        self.bias = jnp.zeros(outputs)

    def __call__(
        self, x: Float[Array, "*batch inputs"]
    ) -> Float[Array, "*batch outputs"]:
        """Apply to the last axis."""
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        product = rows.astype(self.weight.dtype) @ self.weight
        result = product.astype(self.bias.dtype) + self.bias[None]
        return result.reshape(*x.shape[:-1], self.bias.shape[0])


class Network(eqx.Module):
    """A perceptron plus, if `skip`, a linear path from input to output."""

    layers: tuple[Linear, ...]
    skip: Linear | None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        skip: bool,
        key: PRNGKeyArray,
    ):
        """Build `depth` hidden layers of `width` units; depth 0 is linear."""
        sizes = [inputs, *[width] * depth, outputs]
        skip_key, *keys = jax.random.split(key, depth + 2)
        self.layers = tuple(
            Linear(rows, columns, key=layer_key)
            for rows, columns, layer_key in zip(
                sizes[:-1], sizes[1:], keys, strict=True
            )
        )
        # Depth 0 is linear already: a second linear path would only repeat it.
        self.skip = Linear(inputs, outputs, key=skip_key) if skip and depth else None

    def __call__(
        self, x: Float[Array, "*batch inputs"]
    ) -> Float[Array, "*batch outputs"]:
        """Apply to the last axis."""
        return _apply(self, x)

    def transformed(
        self,
        change: Callable[
            [Float[Array, "*rows outputs"]], Float[Array, "*rows outputs"]
        ],
    ) -> "Network":
        """Return a network whose output is `change`, a linear map, of this one's."""

        def both(linear: Linear) -> Linear:
            weight = change(linear.weight).astype(linear.weight.dtype)
            return eqx.tree_at(
                lambda n: (n.weight, n.bias), linear, (weight, change(linear.bias))
            )

        layers = (*self.layers[:-1], both(self.layers[-1]))
        skip = None if self.skip is None else both(self.skip)
        return eqx.tree_at(
            lambda n: (n.layers, n.skip),
            self,
            (layers, skip),
            is_leaf=lambda n: n is None,
        )


# The gradient keeps products of matrices alone; activations, which cost less to compute
# than to write and read, are computed again.
@partial(jax.checkpoint, policy=jax.checkpoint_policies.dots_saveable)
def _apply(network: Network, x: Float[Array, "*batch inputs"]) -> Outputs:
    hidden = x
    for layer in network.layers[:-1]:
        hidden = jax.nn.silu(layer(hidden))
    output = network.layers[-1](hidden)
    return output if network.skip is None else output + network.skip(x)


class LayerNorm(eqx.Module):
    """`y = (x - mean x) / sd x * scale + offset` over the last axis.

    Source: Ba et al. 2016, arXiv:1607.06450.
    """

    scale: Float[Array, " width"]
    offset: Float[Array, " width"]

    def __init__(self, width: int):
        """Start as plain standardisation."""
        self.scale, self.offset = jnp.ones(width), jnp.zeros(width)

    def __call__(self, x: Float[Array, "*batch width"]) -> Float[Array, "*batch width"]:
        """Apply to the last axis."""
        shape = (1,) * (x.ndim - 1) + self.scale.shape
        normal = jax.nn.standardize(x, epsilon=1e-5)
        return normal * self.scale.reshape(shape) + self.offset.reshape(shape)


def pack(parts: Float[Array, "*batch parts"]) -> Complex[Array, "*batch modes"]:
    """Read real parts, then imaginary ones, as complex numbers."""
    real, imag = jnp.split(parts, 2, axis=-1)
    return lax.complex(real, imag)


def unpack(latent: Complex[Array, "*batch modes"]) -> Float[Array, "*batch parts"]:
    """Write complex numbers as real parts, then imaginary ones."""
    return jnp.concatenate([jnp.real(latent), jnp.imag(latent)], axis=-1)


def shrink(module: Module, factor: float) -> Module:
    """Scale every parameter, so that the sum it is a term of starts without it."""
    return jax.tree.map(lambda leaf: factor * leaf, module)


def small_output(network: Network, factor: float = 0.1) -> Network:
    """Scale what reaches the output, so that `s + network(s)` starts near `s`."""
    return eqx.tree_at(
        lambda n: (n.layers[-1], n.skip),
        network,
        replace_fn=lambda part: None if part is None else shrink(part, factor),
        is_leaf=lambda node: node is None,
    )
