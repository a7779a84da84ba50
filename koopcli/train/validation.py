"""Error on held-out windows during training, in units of the training spread."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Float, Int

from koopcli.data.store import Dataset
from koopcli.data.windows import Starts, start_table
from koopcli.delays import Delays
from koopcli.model.dynamics import DynamicsModel
from koopcli.train import sharding
from koopcli.train.batches import Batch, DeviceData, gather

BATCH = 256

Validate = Callable[..., dict[str, float]]
"""`validate(model, reencode_every=None)`; None: as the model was trained to."""


def make_validation(
    dataset: Dataset, horizon: int, windows: int, mesh: Mesh | None = None
) -> Validate | None:
    """Return a function from a model to its validation errors; None without data.

    The windows are fixed: at most `windows` of them, spread evenly over the starts of
    the validation episodes that see the whole horizon (over all starts if none does).

    The errors are `nmse` (mean over the horizon), `nrmse` (its root), `nrmse_1` (one step
    ahead), `nrmse_last` (at the end of the horizon), and `reward_nmse`. The models must be
    on all devices of `mesh`, if there is one; they share the work.
    """
    if len(dataset.splits["val"]) == 0:
        return None
    chosen = _spread(dataset, horizon, windows)
    data = sharding.replicate(DeviceData(dataset, chosen, horizon), mesh)
    index = jnp.arange(len(chosen))

    def validate(
        model: DynamicsModel, reencode_every: int | None = None
    ) -> dict[str, float]:
        how = _How(model.reencoding(reencode_every), horizon, dataset.delays, mesh)
        parts = [
            jax.device_get(_sums(model, data, index[first : first + BATCH], how))
            for first in range(0, len(chosen), BATCH)
        ]
        return _errors({name: sum(part[name] for part in parts) for name in parts[0]})

    return validate


def _spread(dataset: Dataset, horizon: int, windows: int) -> Starts:
    table = start_table(dataset, "val", horizon=horizon)
    if len(table) == 0:
        table = start_table(dataset, "val")
    picks = np.linspace(0, len(table) - 1, min(windows, len(table)))
    return table.at(np.round(picks).astype(np.int64))


def squared_error(
    model: DynamicsModel, every: int, batch: Batch, delays: Delays | None
) -> tuple[Float[Array, "time batch"], Float[Array, "time batch"] | None]:
    """Return the mean over outputs of the squared error at every step; predicted rewards.

    Steps beyond the mask hold numbers that mean nothing.
    """
    forecast = model.forecast(
        batch.states[0], batch.actions, reencode_every=every, delays=delays
    )
    outputs = None if delays is None else len(delays.outputs)
    difference = (forecast.states - batch.states[1:])[..., :outputs]
    return jnp.mean(difference**2, axis=-1), forecast.rewards


@dataclass(frozen=True)
class _How:
    every: int
    horizon: int
    delays: Delays | None
    mesh: Mesh | None


# Not a function of each run: JAX would keep the program of every one for ever.
@eqx.filter_jit
def _sums(
    model: DynamicsModel, data: DeviceData, index: Int[Array, " batch"], how: _How
) -> dict[str, Float[Array, "..."]]:
    batch = gather(data, index, horizon=how.horizon)
    # A rest that cannot be shared out equally is done by every device.
    mesh = how.mesh if how.mesh and len(index) % how.mesh.size == 0 else None
    sums = sharding.spread(partial(_batch_sums, how=how), mesh)(batch, model)
    return sharding.constrain(sums, how.mesh)


def _batch_sums(
    batch: Batch, model: DynamicsModel, how: _How
) -> dict[str, Float[Array, "..."]]:
    error, rewards = squared_error(model, how.every, batch, how.delays)
    result = {
        "state": jnp.sum(jnp.where(batch.mask, error, 0.0), axis=1),
        "count": jnp.sum(batch.mask, axis=1),
    }
    if rewards is not None and batch.rewards is not None:
        reward = (rewards - batch.rewards) ** 2
        result["reward"] = jnp.sum(jnp.where(batch.mask, reward, 0.0), axis=1)
    return result


def _errors(sums: dict[str, np.ndarray]) -> dict[str, float]:
    seen = sums["count"] > 0
    count = sums["count"][seen].astype(np.float64)
    nmse = sums["state"][seen].astype(np.float64) / count
    errors = {
        "nmse": float(nmse.mean()),
        "nrmse": float(np.sqrt(nmse.mean())),
        "nrmse_1": float(np.sqrt(nmse[0])),
        "nrmse_last": float(np.sqrt(nmse[-1])),
    }
    if "reward" in sums:
        errors["reward_nmse"] = float((sums["reward"][seen] / count).mean())
    return errors
