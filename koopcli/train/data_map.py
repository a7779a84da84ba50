"""Keeps the error of fixed training windows at every validation, for the data map.

What a run measures depends on its settings and the step alone. A run that goes on drops
what it measured after its checkpoint and measures it again, so that its map is that of a
run which never stopped.
"""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from koopcli import run_dir
from koopcli.config.training import TrainConfig
from koopcli.data import data_map
from koopcli.data.store import Dataset
from koopcli.delays import Delays
from koopcli.errors import ModelError
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.header import ModelMeta
from koopcli.train.batches import DeviceData, gather
from koopcli.train.validation import BATCH, squared_error


class DataMapRecorder:
    """The data map of a run, if it was asked for; else it does nothing.

    Attributes:
        warnings: What is missing in it.
    """

    def __init__(
        self,
        run: Path,
        dataset: Dataset,
        meta: ModelMeta,
        config: TrainConfig,
        first: int = 0,
    ):
        """Begin a map, or go on with that of `run` from step `first`."""
        self.path, self.config = run / run_dir.DATA_MAP, config
        self.warnings: tuple[str, ...] = ()
        if not config.data_map:
            return
        chosen = data_map.windows(dataset, config.horizon, config.map_windows)
        self.map = data_map.empty(dataset, chosen, config.horizon, meta.dataset_sha256)
        self.data = DeviceData(dataset, chosen, config.horizon)
        self.delays = dataset.delays
        if first:
            self._go_on(first)

    def _go_on(self, first: int) -> None:
        try:
            found = data_map.read(self.path)
        except ModelError as error:
            self.warnings = (f"the data map begins at step {first}: {error}",)
            return
        if not found.same_windows(self.map):
            self.warnings = (
                f"the data map begins at step {first}: {self.path} was of other windows",
            )
            return
        # Not the end of a run that now goes further: there was no validation there.
        regular = [step <= first and self._due(int(step)) for step in found.steps]
        self.map = found.keep(np.array(regular, bool))

    def _due(self, step: int) -> bool:
        return step % self.config.eval_every == 0 or step == self.config.steps

    def validated(self, model: DynamicsModel, step: int) -> None:
        """Add the errors after `step` gradient steps, if that is where to validate."""
        if not self.config.data_map or not self._due(step):
            return
        every, count = model.reencoding(None), len(self.map.episodes)
        parts = [
            _errors(model, every, self.data, jnp.arange(at, min(at + BATCH, count)),
                    self.config.horizon, self.delays)
            for at in range(0, count, BATCH)
        ]  # fmt: skip
        errors = np.concatenate(jax.device_get(parts))
        # What is not finite has no size, but it is not small.
        self.map = self.map.add(step, np.where(np.isnan(errors), np.inf, errors))
        data_map.write(self.path, self.map)


@eqx.filter_jit
def _errors(
    model: DynamicsModel,
    every: int,
    data: DeviceData,
    index: Array,
    horizon: int,
    delays: Delays | None,
) -> Float[Array, " batch"]:
    batch = gather(data, index, horizon=horizon)
    error, _ = squared_error(model, every, batch, delays)
    total = jnp.sum(jnp.where(batch.mask, error, 0.0), axis=0)
    return total / jnp.sum(batch.mask, axis=0)
