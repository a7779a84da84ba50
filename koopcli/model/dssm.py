"""Stacked diagonal state-space layers with non-linearities between them.

    u⁰[t] = W a[t] + b,   (x¹[0], …, xᴸ[0]) = E(s[0])
    x[t+1] = Λ x[t] + √(1 - |Λ|²) B v[t],   v = norm uˡ
    y[t]   = Re(C x[t+1]) + D ⊙ v[t]
    uˡ⁺¹   = uˡ + GLU(gelu y),   GLU(g) = P g ⊙ σ(Q g)     (biases not written)
    ŝ[t+1] = s[0] + O(norm uᴸ[t]),   r̂[t] = R(norm uᴸ[t])

with every x complex and every Λ diagonal. Sources: Gupta et al. 2022, arXiv:2203.14343
(diagonal layers); Orvieto et al. 2023, arXiv:2303.06349 (the LRU, whose block this is);
for the input gains as a function of Λ rather than parameters, De et al. 2024,
arXiv:2402.19427. Starting x from the state is Mondal et al. 2024, arXiv:2306.11941.

The change is relative to s[0] since the actions alone, all that u⁰ holds, cannot
tell where the state is; x[0] forgets, the sum does not.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.config.choices import Discretisation, Stability, Unroll
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.eigenvalues import Eigenvalues
from koopcli.model.networks import LayerNorm, Linear, Network, shrink
from koopcli.model.normaliser import Normaliser, identity
from koopcli.model.unroll import choose, join, split


class Layer(eqx.Module):
    """One layer of `width` units with as many complex modes.

    Attributes:
        norm: Before everything.
        spectrum: Λ; |Λ| <= 1 by construction.
        drive: B, real and imaginary parts.
        output: C, from real and imaginary parts; its bias is that of y.
        direct: D.
        gate: P and Q.
    """

    norm: LayerNorm
    spectrum: Eigenvalues
    drive: Linear
    output: Linear
    direct: Float[Array, " width"]
    gate: Linear

    unroll: Unroll = eqx.field(static=True)

    def __init__(self, config: ModelConfig, *, key: PRNGKeyArray):
        """Build a layer whose modes have unit variance per part under white input."""
        keys, width = jax.random.split(key, 5), config.width
        modes = dataclasses.replace(
            config,
            latent_dim=width,
            stability=Stability.STRICT,
            discretisation=Discretisation.NONE,
        )
        self.norm = LayerNorm(width)
        self.spectrum = Eigenvalues(modes, key=keys[0])
        self.drive = Linear(width, 2 * width, key=keys[1])
        self.output = Linear(2 * width, width, key=keys[2])
        self.direct = jax.random.normal(keys[3], (width,))
        self.gate = Linear(width, 2 * width, key=keys[4])
        self.unroll = config.unroll

    def __call__(
        self,
        start: Float[Array, "batch parts"],
        u: Float[Array, "time batch width"],
    ) -> Float[Array, "time batch width"]:
        """Return uˡ⁺¹ given x[0], real parts then imaginary ones, and uˡ."""
        v = self.norm(u)
        # Time stays the first axis, so that the sequential unroll needs no transposition.
        unroll = jax.vmap(choose(self.unroll), in_axes=(None, 0, 1), out_axes=1)
        x = unroll(self.spectrum(), split(start), split(self.drive(v) * self._gain()))
        y = self.output(join(x)) + self.direct[None, None] * v
        return u + jax.nn.glu(self.gate(jax.nn.gelu(y)))

    def _gain(self) -> Float[Array, "1 1 parts"]:
        # √(1 - |λ|²), for both parts; away from 0, where its gradient is infinite.
        variance = -jnp.expm1(2 * jnp.real(self.spectrum.log()))
        return jnp.tile(jnp.sqrt(jnp.maximum(variance, 1e-6)), 2)[None, None]


class DssmModel(DynamicsModel):
    """See the module's equations.

    Attributes:
        encoder: E, from the first state to x[0] of all layers.
        embedding: W and b.
        layers: One above the other.
        norm: Before the outputs.
        change: O, the change since the first state.
        reward_head: R; None without rewards.
    """

    encoder: Network
    embedding: Linear
    layers: tuple[Layer, ...]
    norm: LayerNorm
    change: Linear
    reward_head: Linear | None
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model, near persistence, whose normalisers do nothing."""
        keys, width = jax.random.split(key, 4 + config.depth), config.width
        self.encoder = Network(
            dims.state,
            config.depth * 2 * width,
            width=width,
            depth=1,
            skip=config.skip,
            key=keys[0],
        )
        self.embedding = Linear(dims.action, width, key=keys[1])
        self.change = shrink(Linear(width, dims.state, key=keys[2]), 0.1)
        self.reward_head = Linear(width, 1, key=keys[3]) if dims.reward else None
        self.layers = tuple(Layer(config, key=layer_key) for layer_key in keys[4:])
        self.norm = LayerNorm(width)
        self.state_normaliser = identity(dims.state)
        self.action_normaliser = identity(dims.action)
        self.reward_normaliser = identity(1) if dims.reward else None
        self.config = config

    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Pass the actions through the layers; see `DynamicsModel.segment`."""
        signal = self.embedding(actions)
        starts = jnp.split(self.encoder(start), len(self.layers), axis=-1)
        for layer, first in zip(self.layers, starts, strict=True):
            signal = layer(first, signal)
        features = self.norm(signal[steps])
        rewards = None if self.reward_head is None else self.reward_head(features)
        return Forecast(
            steps=steps,
            states=start[None] + self.change(features),
            rewards=None if rewards is None else rewards[..., 0],
        )
