"""Rollouts from many starts at once: windows of a dataset in, predictions out.

The last batch is filled up to the size of the others, so that JAX compiles once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.delays import Delays
from koopcli.model.dynamics import DynamicsModel

MAX_STEPS_PER_CALL = 2**17
"""Bound on rollouts × horizon of one call, so that a long horizon fits in memory."""


@dataclass(frozen=True)
class Windows:
    """A batch of starts with all that follows them; zero where `mask` is false.

    Attributes:
        states: The observation at each start.
        actions: Actions from there on.
        truth: Outputs that followed, which are the first columns of the state (all
            without samples of the past); row k-1 is k steps ahead.
        rewards: Reward of each step, if the dataset has any.
        mask: Whether the truth is known.
        episodes: Number of the episode of each start.
    """

    states: Float[np.ndarray, "batch state"]
    actions: Float[np.ndarray, "batch time action"]
    truth: Float[np.ndarray, "batch time output"]
    rewards: Float[np.ndarray, "batch time"] | None
    mask: Bool[np.ndarray, "batch time"]
    episodes: Int[np.ndarray, " batch"]


@dataclass(frozen=True)
class Predicted:
    """Predictions for a batch, physical units; `rewards` is None if there are none."""

    states: Float[np.ndarray, "batch time state"]
    rewards: Float[np.ndarray, "batch time"] | None


Rollout = Callable[
    [Float[np.ndarray, "batch state"], Float[np.ndarray, "batch time action"]],
    Predicted,
]
"""Anything that predicts from start states and actions: a model or a baseline."""


def gather(dataset: Dataset, chosen: Starts, horizon: int) -> Windows:
    """Copy the windows of `chosen`; steps beyond `remaining` are zero and masked."""
    steps = np.arange(horizon)
    mask = steps < chosen.remaining[:, None]
    offset = np.minimum(steps, chosen.remaining[:, None] - 1)
    step_rows = chosen.step_rows[:, None] + offset
    observation_rows = chosen.observation_rows[:, None] + offset + 1
    truth = dataset.observations[observation_rows][..., : len(dataset.output_names)]
    rewards = dataset.rewards
    return Windows(
        states=dataset.observations[chosen.observation_rows],
        actions=dataset.actions[step_rows] * mask[..., None],
        truth=truth * mask[..., None],
        rewards=None if rewards is None else rewards[step_rows] * mask,
        mask=mask,
        episodes=chosen.episodes,
    )


def batch_rows(limit: int, horizon: int, count: int) -> int:
    """Return rollouts per call: at most `limit`, fewer if long or if there are few."""
    return max(1, min(limit, MAX_STEPS_PER_CALL // horizon, count))


def batches(
    dataset: Dataset, chosen: Starts, horizon: int, size: int
) -> Iterator[Windows]:
    """Yield the windows of `chosen` in order, `size` at a time."""
    for first in range(0, len(chosen), size):
        rows = np.arange(first, min(first + size, len(chosen)))
        yield gather(dataset, chosen.take(rows), horizon)


def outputs_only(rollout: Rollout, outputs: int) -> Rollout:
    """Leave out the columns after the first `outputs`: samples of the past."""

    def predict(states: np.ndarray, actions: np.ndarray) -> Predicted:
        predicted = rollout(states, actions)
        return Predicted(predicted.states[..., :outputs], predicted.rewards)

    return predict


def rollout_of(
    model: DynamicsModel,
    size: int,
    reencode_every: int | None = None,
    delays: Delays | None = None,
) -> Rollout:
    """Return a batched rollout of `model` for up to `size` starts per call.

    Args:
        model: The model.
        size: Largest number of starts.
        reencode_every: Steps between re-encodings; None: as the model says.
        delays: Which columns are samples of the past; these come from the rollout
            itself, and only the outputs are returned.
    """

    def predict(states: np.ndarray, actions: np.ndarray) -> Predicted:
        count = len(states)
        fill = [(0, size - count)]
        predicted = rollouts(
            model,
            jnp.asarray(
                np.pad(states.astype(np.float32), [*fill, (0, 0)], mode="edge")
            ),
            jnp.asarray(np.pad(actions.astype(np.float32), [*fill, (0, 0), (0, 0)])),
            reencode_every,
            delays,
        )
        host = jax.device_get(predicted)
        states = np.asarray(host[0])[:count]
        rewards = None if host[1] is None else np.asarray(host[1])[:count]
        return Predicted(states=states, rewards=rewards)

    return predict if delays is None else outputs_only(predict, len(delays.outputs))


@eqx.filter_jit
def rollouts(
    model: DynamicsModel,
    states: Array,
    actions: Array,
    reencode_every: int | None,
    delays: Delays | None,
) -> tuple[Array, Array | None]:
    """Roll a batch out in one program: states with all columns, and rewards if any."""

    def one(state: Array, action: Array) -> tuple[Array, Array | None]:
        prediction = model.rollout(state, action, reencode_every, delays)
        return prediction.states, prediction.rewards

    return jax.vmap(one)(states, actions)
