"""Gated recurrent units that carry the state and read their own predictions.

    h[0]   = tanh(E(s[0]))
    h[t+1] = GRU(h[t], (ŝ[t], a[t]))     layers stacked, each reads the one below
    ŝ[t+1] = ŝ[t] + O(h[t+1]),   r̂[t] = R(h[t+1], a[t])

with, in one layer of input u,

    g = σ(W_g u + U_g h),   z = σ(W_z u + U_z h)
    n = tanh(W_n u + g ⊙ (U_n h)),   h' = (1 - z) ⊙ n + z ⊙ h

(biases not written). Source of the unit: Cho et al. 2014, arXiv:1406.1078, with g
applied after U_n, as in cuDNN and PyTorch.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.networks import Linear, Network, small_output
from koopcli.model.normaliser import Normaliser, identity


class Cell(eqx.Module):
    """One layer of gated recurrent units; see the module's equations."""

    inputs: Linear
    recurrent: Linear

    def __init__(self, inputs: int, width: int, *, key: PRNGKeyArray):
        """Build `width` units."""
        input_key, recurrent_key = jax.random.split(key)
        self.inputs = Linear(inputs, 3 * width, key=input_key)
        self.recurrent = Linear(width, 3 * width, key=recurrent_key)

    def __call__(
        self, hidden: Float[Array, "batch width"], u: Float[Array, "batch inputs"]
    ) -> Float[Array, "batch width"]:
        """Return the next hidden state."""
        reset_u, keep_u, new_u = jnp.split(self.inputs(u), 3, axis=-1)
        reset_h, keep_h, new_h = jnp.split(self.recurrent(hidden), 3, axis=-1)
        keep = jax.nn.sigmoid(keep_u + keep_h)
        new = jnp.tanh(new_u + jax.nn.sigmoid(reset_u + reset_h) * new_h)
        return (1 - keep) * new + keep * hidden


class GruModel(DynamicsModel):
    """See the module's equations.

    Attributes:
        encoder: E, from the first state to the hidden states of all layers.
        cells: One per layer.
        change: O, the change of the state in one step.
        reward_head: R; None without rewards.
    """

    encoder: Network
    cells: tuple[Cell, ...]
    change: Network
    reward_head: Network | None
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model, near persistence, whose normalisers do nothing."""
        encoder_key, change_key, reward_key, *keys = jax.random.split(
            key, 3 + config.depth
        )
        width, skip = config.width, config.skip
        shape = {"width": width, "depth": 1}
        self.encoder = Network(
            dims.state, config.depth * width, **shape, skip=skip, key=encoder_key
        )
        sizes = [dims.state + dims.action, *[width] * (config.depth - 1)]
        self.cells = tuple(
            Cell(inputs, width, key=cell_key)
            for inputs, cell_key in zip(sizes, keys, strict=True)
        )
        self.change = small_output(
            Network(width, dims.state, **shape, skip=skip, key=change_key)
        )
        self.reward_head = (
            Network(width + dims.action, 1, **shape, skip=skip, key=reward_key)
            if dims.reward
            else None
        )
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
        """Step through time; see `DynamicsModel.segment`."""

        def step(carry: tuple, action: Array) -> tuple[tuple, tuple[Array, Array]]:
            state, hidden = carry
            signal = jnp.concatenate([state, action], axis=-1)
            following = []
            for cell, memory in zip(self.cells, hidden, strict=True):
                signal = cell(memory, signal)
                following.append(signal)
            state = state + self.change(signal)
            return (state, tuple(following)), (state, signal)

        encoded = jnp.tanh(self.encoder(start))
        hidden = tuple(jnp.split(encoded, len(self.cells), axis=-1))
        states, tops = lax.scan(step, (start, hidden), actions)[1]
        rewards = None
        if self.reward_head is not None:
            features = jnp.concatenate([tops[steps], actions[steps]], axis=-1)
            rewards = self.reward_head(features)[..., 0]
        return Forecast(steps=steps, states=states[steps], rewards=rewards)
