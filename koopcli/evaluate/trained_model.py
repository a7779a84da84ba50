"""A trained model in other people's programs: rollouts in physical units.

For planners, offline RL and notebooks. Works under `jax.jit`, `jax.vmap` and `jax.grad`
(by states and by actions), and compiles itself when called outside of them.
"""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex

from koopcli.config.model import ModelConfig
from koopcli.errors import DataError
from koopcli.evaluate.rollouts import rollouts
from koopcli.model.checkpoint import SavedModel
from koopcli.model.dynamics import DynamicsModel, Prediction
from koopcli.model.header import ModelMeta


class TrainedModel(eqx.Module):
    """A model, and what is known of its data.

    Attributes:
        dynamics: The model itself; see `koopcli.model` for what else it can do.
        meta: Names, sampling time, and what it was trained on.
    """

    dynamics: DynamicsModel
    meta: ModelMeta = eqx.field(static=True)

    def __init__(self, saved: SavedModel):
        """Take over what a model file holds."""
        self.dynamics, self.meta = saved.model, saved.meta

    @property
    def observation_names(self) -> tuple[str, ...]:
        """One name per column of the states that go in."""
        return self.meta.observation_names

    @property
    def action_names(self) -> tuple[str, ...]:
        """One name per column of the actions; empty for an autonomous model."""
        return self.meta.action_names

    @property
    def dt(self) -> float:
        """Seconds between two states; 1 where nobody knew (`meta.dt_known`)."""
        return self.meta.dt

    @property
    def config(self) -> ModelConfig:
        """Shape of the model."""
        return self.dynamics.config

    def eigenvalues(self) -> Complex[Array | np.ndarray, " mode"] | None:
        """Return the discrete-time eigenvalues; None where time is not linear."""
        return self.dynamics.eigenvalues()

    def rollout(
        self,
        states: ArrayLike,
        actions: ArrayLike,
        *,
        reencode_every: int | None = None,
    ) -> Prediction:
        """Predict what follows `states` under `actions`, without another observation.

        Args:
            states: Where to start, shape (*batch, state), physical units. With samples of
                the past (`ingest --delay-embed`) a row is as in the dataset file.
            actions: One row per step, shape (*batch, time, action), physical units; an
                autonomous model takes rows without columns, as many as there are steps.
            reencode_every: Decode and encode again after so many steps; 0 never; None as
                chosen after training.

        Returns:
            States of shape (*batch, time, output), without samples of the past; rewards
            of shape (*batch, time), or None if the data had none.

        Raises:
            DataError: The shapes do not fit the model, or each other.
        """
        states, actions = jnp.asarray(states), jnp.asarray(actions)
        _check(self.meta, states.shape, actions.shape)
        batch, outputs = states.shape[:-1], len(self.meta.output_names)
        found, rewards = rollouts(
            self.dynamics,
            states.reshape(math.prod(batch), states.shape[-1]),
            actions.reshape(math.prod(batch), *actions.shape[-2:]),
            reencode_every,
            self.meta.delays,
        )
        return Prediction(
            states=found[..., :outputs].reshape(*batch, -1, outputs),
            rewards=None if rewards is None else rewards.reshape(*batch, -1),
        )

    def step(self, states: ArrayLike, actions: ArrayLike) -> Prediction:
        """Predict one step; see `rollout`, which is better for more than one.

        A model that keeps a memory within a rollout starts without one at every call.

        Args:
            states: Shape (*batch, state), physical units.
            actions: Shape (*batch, action), physical units.

        Returns:
            States of shape (*batch, output) and rewards of shape (*batch,).

        Raises:
            DataError: The shapes do not fit the model, or each other.
        """
        found = self.rollout(states, jnp.asarray(actions)[..., None, :])
        rewards = None if found.rewards is None else found.rewards[..., 0]
        return Prediction(states=found.states[..., 0, :], rewards=rewards)


def _check(meta: ModelMeta, states: tuple[int, ...], actions: tuple[int, ...]) -> None:
    for what, shape, names in (
        ("states", states, meta.observation_names),
        ("actions", actions, meta.action_names),
    ):
        if not shape or shape[-1] != len(names):
            listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
            raise DataError(
                f"{what}: the last axis of shape {shape} must have {len(names)} "
                f"columns, as in training ({listed or 'none'})"
            )
    if len(actions) < 2 or actions[-2] == 0:
        raise DataError(f"actions: shape {actions} has no steps; one row per step")
    if states[:-1] != actions[:-2]:
        raise DataError(
            f"states of shape {states} and actions of shape {actions} differ in what "
            "comes before (state) and (time, action)"
        )
