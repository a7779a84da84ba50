"""A residual one-step model, applied to its own predictions.

    ŝ[t+1] = ŝ[t] + f(ŝ[t], a[t]),   ŝ[0] = s[0]
    r̂[t]   = R(ŝ[t], ŝ[t+1], a[t])

f and R are perceptrons. Learning differences rather than states: Nagabandi et al. 2018,
arXiv:1708.02596. The loss is that of the whole unrolled window, so gradients flow through
every step (Mondal et al. 2024, arXiv:2306.11941, call this baseline MLP).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.networks import Network, small_output
from koopcli.model.normaliser import Normaliser, identity


class MlpModel(DynamicsModel):
    """See the module's equations.

    Attributes:
        change: f, the change of the state in one step.
        reward_head: R; None without rewards.
    """

    change: Network
    reward_head: Network | None
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model, near persistence, whose normalisers do nothing."""
        change_key, reward_key = jax.random.split(key)
        shape = {"width": config.width, "depth": config.depth}
        inputs = dims.state + dims.action
        self.change = small_output(
            Network(inputs, dims.state, **shape, skip=config.skip, key=change_key)
        )
        self.reward_head = (
            Network(inputs + dims.state, 1, **shape, skip=config.skip, key=reward_key)
            if dims.reward
            else None
        )
        self.state_normaliser = identity(dims.state)
        self.action_normaliser = identity(dims.action)
        self.reward_normaliser = identity(1) if dims.reward else None
        self.config = config

    @property
    def remembers(self) -> bool:
        """Every step starts from the state alone: to re-encode changes nothing."""
        return False

    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Step through time; see `DynamicsModel.segment`."""

        def step(state: Array, action: Array) -> tuple[Array, Array]:
            following = state + self.change(jnp.concatenate([state, action], axis=-1))
            return following, following

        states = lax.scan(step, start, actions)[1]
        rewards = None
        if self.reward_head is not None:
            earlier = jnp.concatenate([start[None], states[:-1]])
            features = [part[steps] for part in (earlier, states, actions)]
            rewards = self.reward_head(jnp.concatenate(features, axis=-1))[..., 0]
        return Forecast(steps=steps, states=states[steps], rewards=rewards)
