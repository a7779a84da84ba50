"""Extended dynamic mode decomposition with control: linear in fixed observables.

    z[t]   = (s[t], φ(s[t]))
    z[t+1] = A z[t] + B a[t] + c
    ŝ[t]   = the first rows of z[t],   r̂[t] = R(z[t], a[t]),  R affine

All that is fitted is linear, so least squares fits it (`koopcli.train.edmdc`). The state is
part of z and needs no decoder. c stands for the observable 1, whose own row of A is known
and is left out, with its eigenvalue 1. The reward is read from the z that a step starts
from: as z[t+1] is affine in (z[t], a[t]), that says no less. Source: Korda & Mezić 2018,
arXiv:1611.03537; reward and re-encoding are this project's choice (docs/model.md).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float, Int, PRNGKeyArray

from koopcli.config.model import ModelConfig
from koopcli.model import observables
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.normaliser import Normaliser, identity


class EdmdcModel(DynamicsModel):
    """See the module's equations; rows multiply from the left, so A is stored as Aᵀ.

    Attributes:
        observables: φ.
        dynamics: Aᵀ.
        inputs: Bᵀ.
        offset: c.
        reward_weights: R but for its constant; None without rewards.
        reward_offset: The constant of R.
    """

    observables: observables.FourierFeatures | observables.Monomials
    dynamics: Float[Array, "lifted lifted"]
    inputs: Float[Array, "action lifted"]
    offset: Float[Array, " lifted"]
    reward_weights: Float[Array, " both"] | None
    reward_offset: Float[Array, ""] | None
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an unfitted model, which predicts no change."""
        self.observables = observables.build(config, dims.state, key=key)
        size = dims.state + observables.count(config, dims.state)
        self.dynamics = jnp.eye(size)
        self.inputs = jnp.zeros((dims.action, size))
        self.offset = jnp.zeros(size)
        self.reward_weights = jnp.zeros(size + dims.action) if dims.reward else None
        self.reward_offset = jnp.zeros(()) if dims.reward else None
        self.state_normaliser = identity(dims.state)
        self.action_normaliser = identity(dims.action)
        self.reward_normaliser = identity(1) if dims.reward else None
        self.config = config

    def eigenvalues(self) -> Complex[np.ndarray, " lifted"]:
        """Return the eigenvalues of A; not for use inside `jax.jit`."""
        values = np.linalg.eigvals(np.asarray(self.dynamics, np.float64))
        return values.astype(np.complex128)

    def lift(
        self, state: Float[Array, "*batch state"]
    ) -> Float[Array, "*batch lifted"]:
        """Return z of states in standard units."""
        return jnp.concatenate([state, self.observables(state)], axis=-1)

    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Lift once, then step linearly; see `DynamicsModel.segment`."""

        def step(lifted: Array, action: Array) -> tuple[Array, tuple]:
            return self._advance(lifted, action), self._read(lifted, action)

        # Nothing follows the last step, so only its state is computed, not all of z: with
        # re-encoding at every step that is all there is to do.
        lifted, earlier = lax.scan(step, self.lift(start), actions[:-1])
        last = self._read(lifted, actions[-1])
        states, rewards = jax.tree.map(
            lambda all, one: jnp.concatenate([all, one[None]])[steps], earlier, last
        )
        return Forecast(steps=steps, states=states, rewards=rewards)

    def _advance(
        self,
        lifted: Float[Array, "batch lifted"],
        actions: Float[Array, "batch action"],
    ) -> Float[Array, "batch lifted"]:
        return lifted @ self.dynamics + actions @ self.inputs + self.offset[None]

    def _read(
        self,
        lifted: Float[Array, "batch lifted"],
        actions: Float[Array, "batch action"],
    ) -> tuple[Float[Array, "batch state"], Float[Array, " batch"] | None]:
        # State and reward after one step.
        first = slice(0, self.state_normaliser.mean.size)
        states = lifted @ self.dynamics[:, first] + actions @ self.inputs[:, first]
        rewards = None
        if self.reward_weights is not None and self.reward_offset is not None:
            both = jnp.concatenate([lifted, actions], axis=-1)
            rewards = both @ self.reward_weights + self.reward_offset
        return states + self.offset[None, first], rewards
