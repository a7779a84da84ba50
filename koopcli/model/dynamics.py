"""What every dynamics model can do: predict many steps from one state and the actions.

Models differ in one method, `segment`. The rest is shared: normalisation, and periodic
re-encoding, in which a prediction is fed back as if it had been observed. Re-encoding
source: Fathi et al. 2024, arXiv:2310.15386.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float, Int, PRNGKeyArray, PyTree

from koopcli.config.model import ModelConfig
from koopcli.delays import Delays
from koopcli.model.history import Recall
from koopcli.model.normaliser import Normaliser


class Forecast(eqx.Module):
    """Predictions of a batch in standard units, time first.

    Attributes:
        steps: Row i is `steps[i] + 1` steps ahead.
        states: Predicted states.
        rewards: Reward of the transition into the first of the states, or all; None without
            a reward head.
        latents: What the first of the states were decoded from; None where nothing is.
    """

    steps: Int[Array, " chosen"]
    states: Float[Array, "chosen batch state"]
    rewards: Float[Array, "rewarded batch"] | None
    latents: Complex[Array, "first batch latent"] | None = None


class Prediction(eqx.Module):
    """A rollout in physical units; row k-1 is k steps ahead.

    Attributes:
        states: Predicted observations.
        rewards: Reward of the transition into each state; None without a reward head.
    """

    states: Float[Array, "*steps state"]
    rewards: Float[Array, "*steps"] | None


class DynamicsModel(eqx.Module):
    """A model of s[t+1], r[t] given s[0] and a[0..t]."""

    state_normaliser: eqx.AbstractVar[Normaliser]
    action_normaliser: eqx.AbstractVar[Normaliser]
    reward_normaliser: eqx.AbstractVar[Normaliser | None]
    config: eqx.AbstractVar[ModelConfig]

    @abstractmethod
    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Predict from one encoding of `start`, and read out at `steps` (sorted).

        All in standard units.
        """

    def nothing(self, batch: int) -> PyTree[Array]:
        """Return what the first of several blocks remembers; see `resume`."""
        return None

    def resume(
        self,
        start: Float[Array, "batch state"],
        memory: PyTree[Array],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> tuple[Forecast, PyTree[Array]]:
        """Predict a block that follows another one: `segment`, and a memory to pass on.

        Args:
            start: The last prediction of the block before.
            memory: What that block passed on; of the same shape whatever the block.
            actions: As in `segment`.
            steps: As in `segment`; the last step is among them.
        """
        return self.segment(start, actions, steps), memory

    def eigenvalues(self) -> Complex[Array | np.ndarray, " mode"] | None:
        """Return the discrete-time eigenvalues; None where time is not linear."""
        return None

    @property
    def remembers(self) -> bool:
        """Whether a prediction depends on more than the state it starts from."""
        return True

    def penalty(
        self, error: Float[Array, "*batch state"]
    ) -> Float[Array, "*batch state"]:
        """Return what training asks for a miss of the states: its square."""
        return error**2

    def reencoding(self, asked: int | None) -> int:
        """Return the steps between re-encodings of a rollout; 0 never.

        As asked, else as chosen after training, else as in training.
        """
        config = self.config
        for every in (asked, config.rollout_every, config.reencode_every):
            if every is not None:
                return every
        return 0

    def forecast(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        *,
        reencode_every: int = 0,
        delays: Delays | None = None,
    ) -> Forecast:
        """Predict a batch, re-encoding where asked.

        Args:
            start: The only states used, standard units.
            actions: Actions from there on, standard units.
            reencode_every: Steps after which a prediction becomes a start; 0 never.
            delays: Which columns are samples of the past; a prediction that becomes a
                start then has those of the rollout itself.
        """
        time = actions.shape[0]
        every = reencode_every if 0 < reencode_every < time else time
        if every == time:
            return self.segment(start, actions, jnp.arange(time))
        whole = time // every * every
        steps = jnp.arange(every)
        blocks = actions[:whole].reshape(time // every, every, *actions.shape[1:])

        recall = Recall(self.state_normaliser, self.action_normaliser, delays)

        def block(carry: tuple, actions: Array) -> tuple[tuple, Forecast]:
            state, memory, history = carry
            part, memory = self.resume(state, memory, actions, steps)
            state, history = recall.resume(history, state, actions, part.states)
            return (self.state_normaliser.confine(state), memory, history), part

        carry = (start, self.nothing(start.shape[0]), recall.begin(start))
        carry, parts = lax.scan(block, carry, blocks)
        first = jnp.arange(0, whole, every)[:, None]
        parts = eqx.tree_at(lambda f: f.steps, parts, first + parts.steps)
        joined = jax.tree.map(_join, parts)
        if whole == time:
            return joined
        state, memory, _ = carry
        rest, _ = self.resume(state, memory, actions[whole:], steps[: time - whole])
        rest = eqx.tree_at(lambda f: f.steps, rest, whole + rest.steps)
        return jax.tree.map(lambda a, b: jnp.concatenate([a, b]), joined, rest)

    def forecast_some(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        *,
        reencode_every: int,
        fraction: float,
        key: PRNGKeyArray,
    ) -> Forecast:
        """Predict a batch for training, which need not see every step.

        Here it does. Models whose reading out costs more than time itself draw steps.

        Args:
            start: As in `forecast`.
            actions: As in `forecast`.
            reencode_every: As in `forecast`.
            fraction: About which share of the steps to read out.
            key: Draws these.
        """
        del fraction, key
        return self.forecast(start, actions, reencode_every=reencode_every)

    def rollout(
        self,
        state: Float[Array, " state"],
        actions: Float[Array, "time action"],
        reencode_every: int | None = None,
        delays: Delays | None = None,
    ) -> Prediction:
        """Predict the states that follow `state` under `actions`, open loop.

        Args:
            state: The only observation used, physical units.
            actions: One row per step; its length is the horizon, also for autonomous
                models, whose rows have no columns.
            reencode_every: Decode and encode again after so many steps; 0 never; None
                as often as the model was trained to.
            delays: As in `forecast`.
        """
        result = self.forecast(
            self.state_normaliser.standardise(state)[None],
            self.action_normaliser.standardise(actions)[:, None],
            reencode_every=self.reencoding(reencode_every),
            delays=delays,
        )
        rewards = None
        if self.reward_normaliser is not None and result.rewards is not None:
            rewards = self.reward_normaliser.restore(result.rewards)[:, 0]
        states = self.state_normaliser.restore(result.states[:, 0])
        return Prediction(states=states, rewards=rewards)


def _join(values: Array) -> Array:
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])
