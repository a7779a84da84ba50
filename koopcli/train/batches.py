"""Windows for one gradient step, as a pure function of (seed, step).

Nothing is remembered between steps: whoever knows the seed can recompute the batch of
any step, which makes resuming, sharding and debugging exact. The arrays stay on the
device and windows are gathered there, inside the jitted step.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from koopcli.data.store import Dataset
from koopcli.data.windows import Starts


class DeviceData(eqx.Module):
    """A dataset's arrays in standard units, and the starts of one split, on the device.

    Rows of all episodes follow each other; `remaining` says where a window must stop.
    """

    states: Float[Array, "row state"]
    actions: Float[Array, "step action"]
    rewards: Float[Array, " step"] | None
    observation_rows: Int[Array, " start"]
    step_rows: Int[Array, " start"]
    remaining: Int[Array, " start"]

    def __init__(self, dataset: Dataset, chosen: Starts):
        """Standardise by the training statistics and copy to the device."""
        statistics = dataset.statistics
        self.states = _standardise(dataset.observations, statistics.observations)
        self.actions = _standardise(dataset.actions, statistics.actions)
        self.rewards = (
            None
            if dataset.rewards is None or statistics.rewards is None
            else _standardise(dataset.rewards[:, None], statistics.rewards)[:, 0]
        )
        self.observation_rows = jnp.asarray(chosen.observation_rows, jnp.int32)
        self.step_rows = jnp.asarray(chosen.step_rows, jnp.int32)
        self.remaining = jnp.asarray(chosen.remaining, jnp.int32)


class Batch(eqx.Module):
    """Windows with time first, in standard units; padding is zero.

    `mask[k]` says whether the result of step k, `states[k + 1]`, belongs to the episode.
    """

    states: Float[Array, "points batch state"]
    actions: Float[Array, "time batch action"]
    rewards: Float[Array, "time batch"] | None
    mask: Bool[Array, "time batch"]


def sample(
    data: DeviceData, key: PRNGKeyArray, *, batch_size: int, horizon: int
) -> Batch:
    """Draw windows uniformly over all starts."""
    index = jax.random.randint(key, (batch_size,), 0, data.remaining.shape[0])
    return gather(data, index, horizon=horizon)


def gather(data: DeviceData, index: Int[Array, " batch"], *, horizon: int) -> Batch:
    """Collect the windows of the starts at `index`.

    Rows past the end of an episode belong to somebody else (or to nobody): they are
    replaced by zero *before* any arithmetic, so that not even a NaN in them can reach a
    value or a gradient.
    """
    steps = jnp.arange(horizon, dtype=jnp.int32)[:, None]
    points = jnp.arange(horizon + 1, dtype=jnp.int32)[:, None]
    remaining = data.remaining[index][None]
    mask = steps < remaining
    states = _rows(data.states, data.observation_rows[index][None] + points)
    actions = _rows(data.actions, data.step_rows[index][None] + steps)
    rewards = None
    if data.rewards is not None:
        rewards = _rows(data.rewards, data.step_rows[index][None] + steps)
        rewards = jnp.where(mask, rewards, 0.0)
    return Batch(
        states=jnp.where((points <= remaining)[..., None], states, 0.0),
        actions=jnp.where(mask[..., None], actions, 0.0),
        rewards=rewards,
        mask=mask,
    )


def _rows(table: Array, rows: Array) -> Array:
    return jnp.take(table, jnp.minimum(rows, table.shape[0] - 1), axis=0)


def _standardise(values: np.ndarray, statistics) -> Array:
    return jnp.asarray(
        ((values - statistics.mean) / statistics.scale).astype(np.float32)
    )
