"""Windows for one gradient step, as a pure function of (seed, step).

Nothing is remembered between steps: whoever knows the seed can recompute the batch of
any step, which makes resuming, sharding and debugging exact. The arrays stay on the
device and windows are gathered there, inside the jitted step; for what the device cannot
hold see `koopcli.train.streaming`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from koopcli.config.training import RunConfig
from koopcli.data.columns import Column, blocks
from koopcli.data.statistics import ColumnStatistics
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

    def __init__(self, dataset: Dataset, chosen: Starts, horizon: int | None = None):
        """Standardise by the training statistics and copy to the device.

        Args:
            dataset: The dataset.
            chosen: Starts of the windows.
            horizon: Copy only what windows of so many steps see; None: everything.
        """
        if horizon is None:
            rows, steps = None, None
            first, step = chosen.observation_rows, chosen.step_rows
        else:
            rows, steps = _seen(chosen, horizon)
            first = np.arange(len(chosen)) * (horizon + 1)
            step = np.arange(len(chosen)) * horizon
        statistics = dataset.statistics
        self.states = _copy(dataset.observations, rows, statistics.observations)
        self.actions = _copy(dataset.actions, steps, statistics.actions)
        self.rewards = (
            None
            if dataset.rewards is None or statistics.rewards is None
            else _copy(dataset.rewards, steps, statistics.rewards)
        )
        self.observation_rows = jnp.asarray(first, jnp.int32)
        self.step_rows = jnp.asarray(step, jnp.int32)
        self.remaining = jnp.asarray(chosen.remaining, jnp.int32)

    def batch(
        self, key: PRNGKeyArray, step: Int[Array, ""], config: RunConfig
    ) -> "Batch":
        """Return the windows of a step, whose key is `key`."""
        train = config.train
        return sample(self, key, batch_size=train.batch_size, horizon=train.horizon)


class Batch(eqx.Module):
    """Windows with time first, in standard units; padding is zero.

    `mask[k]` says whether the result of step k, `states[k + 1]`, belongs to the episode.
    These windows may be only a part of a batch: `axis` names the devices that share it, if
    there are several; `everyone` is the mask of all their windows and `first` the number of
    the first window here, if a device takes its share slice by slice.
    """

    states: Float[Array, "points batch state"]
    actions: Float[Array, "time batch action"]
    rewards: Float[Array, "time batch"] | None
    mask: Bool[Array, "time batch"]
    everyone: Bool[Array, "time windows"] | None = None
    first: Int[Array, ""] | None = None
    axis: str | None = eqx.field(static=True, default=None)

    @property
    def parts(self) -> int:
        """How many parts the whole batch has."""
        if self.everyone is not None:
            return self.everyone.shape[1] // self.mask.shape[1]
        return 1 if self.axis is None else lax.axis_size(self.axis)

    def first_window(self) -> Int[Array, ""]:
        """Return the number of the first window here, of those of the whole batch."""
        if self.first is not None:
            return self.first
        device = jnp.int32(0) if self.axis is None else lax.axis_index(self.axis)
        return device * self.mask.shape[1]

    def mask_of_all(self) -> Bool[Array, "time windows"]:
        """Return the mask of the whole batch."""
        if self.everyone is not None:
            return self.everyone
        if self.axis is None:
            return self.mask
        return lax.all_gather(self.mask, self.axis, axis=1, tiled=True)

    def mean(
        self,
        values: Float[Array, "chosen batch dim"],
        steps: Int[Array, " chosen"],
    ) -> Float[Array, ""]:
        """Mean over the whole batch, or the part of it that these windows contribute.

        Args:
            values: Of these windows; those at steps outside an episode do not count.
            steps: At which steps of the window. If none counts, the mean is 0.
        """
        mask = self.mask[steps]
        kept = jnp.where(mask[..., None], values, 0.0)
        if self.everyone is not None:
            seen = jnp.sum(self.everyone[steps])
        else:
            seen = jnp.sum(mask)
            if self.axis is not None:
                seen = lax.psum(seen, self.axis)
        count = jnp.maximum(seen, 1) * values.shape[-1]
        return jnp.sum(kept) / count.astype(jnp.float32)


def sampling_key(seed: int) -> PRNGKeyArray:
    """Return the key that all batches of a run come from."""
    return jax.random.fold_in(jax.random.key(seed), 1)


def step_keys(
    key: PRNGKeyArray, step: Int[Array, ""]
) -> tuple[PRNGKeyArray, PRNGKeyArray]:
    """Return the key of the batch of a step, and that of its random decoding."""
    batch_key, loss_key = jax.random.split(jax.random.fold_in(key, step))
    return batch_key, loss_key


def draw(
    key: PRNGKeyArray, count: int | Int[Array, ""], batch_size: int
) -> Int[Array, " batch"]:
    """Draw windows uniformly over `count` starts."""
    return jax.random.randint(key, (batch_size,), 0, count)


def sample(
    data: DeviceData, key: PRNGKeyArray, *, batch_size: int, horizon: int
) -> Batch:
    """Draw windows uniformly over all starts."""
    index = draw(key, data.remaining.shape[0], batch_size)
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


def standardise(
    values: Float[np.ndarray, "row *column"], statistics: ColumnStatistics
) -> Float[np.ndarray, "row *column"]:
    """Return `(values - mean) / scale`, computed in float64, as float32."""
    if values.ndim == 1:
        return standardise(values[:, None], statistics)[:, 0]
    return ((values - statistics.mean) / statistics.scale).astype(np.float32)


def _copy(
    column: np.ndarray | Column, rows: np.ndarray | None, statistics: ColumnStatistics
) -> Array:
    if rows is not None:
        return jnp.asarray(standardise(column[rows], statistics))
    # Part by part: the float64 numbers in between would take twice what is kept.
    result = np.empty(column.shape, np.float32)
    for block in blocks(column):
        result[block] = standardise(column[block], statistics)
    return jnp.asarray(result)


def _seen(chosen: Starts, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    # Where an episode ends, its last row is repeated: something has to be there.
    points, remaining = np.arange(horizon + 1), chosen.remaining[:, None]
    rows = chosen.observation_rows[:, None] + np.minimum(points, remaining)
    steps = chosen.step_rows[:, None] + np.minimum(points[:-1], remaining - 1)
    return rows.ravel(), steps.ravel()
