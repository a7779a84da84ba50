"""The bilinear model of Koopman Q-learning: one step, real latents, an operator per action.

    g[0] = E(s[0]),   g[t+1] = K(a[t]) g[t],   K(a) = K₀ + Σᵢ aᵢ Kᵢ
    ŝ[t] = D(g[t]),   r̂[t] = R(g[t+1], a[t])

E and D are perceptrons with tanh, in E after the last layer too, and what D says is
confined to the range of the data. Source: Weissenbacher et al. 2022, arXiv:2111.01365, and
its code. Standard units, the start of the operators, and the reward head, which reads the
latents but does not shape them, are this project's (docs/model.md). Nothing keeps K(a) from
growing: the model is made for one step, and a long rollout of it may diverge.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.networks import Linear, Network
from koopcli.model.normaliser import Normaliser, identity

START = 0.1
"""Size of the Kᵢ at the start, beside K₀ = 1."""


class TanhNetwork(eqx.Module):
    """A perceptron with tanh between its layers, and after the last one if `bounded`."""

    layers: tuple[Linear, ...]
    bounded: bool = eqx.field(static=True)

    def __init__(self, sizes: tuple[int, ...], *, bounded: bool, key: PRNGKeyArray):
        """Build one layer between each two of `sizes`."""
        keys = jax.random.split(key, len(sizes) - 1)
        self.layers = tuple(
            Linear(rows, columns, key=layer_key)
            for rows, columns, layer_key in zip(
                sizes[:-1], sizes[1:], keys, strict=True
            )
        )
        self.bounded = bounded

    def __call__(
        self, x: Float[Array, "*batch inputs"]
    ) -> Float[Array, "*batch outputs"]:
        """Apply to the last axis."""
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        x = self.layers[-1](x)
        return jnp.tanh(x) if self.bounded else x


class KfcModel(DynamicsModel):
    """See the module's equations.

    Attributes:
        encoder: E.
        decoder: D, before it is confined.
        operators: K₀, then a Kᵢ per action.
        reward_head: R; None without rewards.
    """

    encoder: TanhNetwork
    decoder: TanhNetwork
    operators: Float[Array, "part latent latent"]
    reward_head: Network | None
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model, whose latents hardly move."""
        keys = jax.random.split(key, 4)
        latent, hidden = config.latent_dim, (config.width,) * config.depth
        inwards, outwards = (dims.state, *hidden, latent), (latent, *hidden, dims.state)
        self.encoder = TanhNetwork(inwards, bounded=True, key=keys[0])
        self.decoder = TanhNetwork(outwards, bounded=False, key=keys[1])
        moving = jax.random.normal(keys[2], (dims.action, latent, latent))
        self.operators = jnp.concatenate(
            [jnp.eye(latent)[None], START / jnp.sqrt(jnp.float32(latent)) * moving]
        )
        shape = {"width": config.width, "depth": config.depth}
        self.reward_head = (
            Network(latent + dims.action, 1, **shape, skip=config.skip, key=keys[3])
            if dims.reward
            else None
        )
        self.state_normaliser = identity(dims.state)
        self.action_normaliser = identity(dims.action)
        self.reward_normaliser = identity(1) if dims.reward else None
        self.config = config

    # Standard units below.

    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Encode, step through time, decode at `steps`; see `DynamicsModel.segment`."""

        def step(latent: Array, action: Array) -> tuple[Array, Array]:
            following = self.advance(latent, action)
            return following, following

        latents = lax.scan(step, self.lift(start), actions)[1][steps]
        rewards = None
        if self.reward_head is not None:
            rewards = self.reward(latents, actions[steps])
        return Forecast(steps=steps, states=self.read(latents), rewards=rewards)

    def penalty(
        self, error: Float[Array, "*batch state"]
    ) -> Float[Array, "*batch state"]:
        """Return Huber's function of a miss, as published."""
        # Not above: prediction need not spend the time of the import.
        import optax

        return optax.huber_loss(error)

    def lift(
        self, state: Float[Array, "*batch state"]
    ) -> Float[Array, "*batch latent"]:
        """E: standardised state to latent."""
        return self.encoder(state)

    def advance(
        self, latent: Float[Array, "batch latent"], action: Float[Array, "batch action"]
    ) -> Float[Array, "batch latent"]:
        """K(a) g."""
        shares = jnp.concatenate([jnp.ones_like(latent[:, :1]), action], axis=-1)
        # Not K(a) first, which would be a matrix per sample.
        parts = jnp.einsum("pij,bj->bpi", self.operators, latent)
        return jnp.einsum("bp,bpi->bi", shares, parts)

    def read(
        self, latent: Float[Array, "*batch latent"]
    ) -> Float[Array, "*batch state"]:
        """D: latent to standardised state, near the training range."""
        return self.state_normaliser.confine(self.decoder(latent))

    def reward(
        self,
        latent: Float[Array, "*batch latent"],
        actions: Float[Array, "*batch action"],
    ) -> Float[Array, "*batch"]:
        """R: standardised reward of a step, from the latent it led to and its action."""
        assert self.reward_head is not None
        features = jnp.concatenate([lax.stop_gradient(latent), actions], axis=-1)
        return self.reward_head(features)[..., 0]
