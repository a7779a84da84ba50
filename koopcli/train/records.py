"""What a run leaves in its folder while it lasts: models, checkpoints, metrics, data map.

Of several processes only the first writes; the others' records are empty.
"""

import dataclasses
from pathlib import Path

from jax.sharding import Mesh

from koopcli import distributed
from koopcli.config.training import TrainConfig
from koopcli.data.store import Dataset
from koopcli.model import checkpoint
from koopcli.model.checkpoint import SavedModel
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.header import ModelMeta
from koopcli.train import sharding, training_state
from koopcli.train.data_map import DataMapRecorder
from koopcli.train.metrics_files import MetricsFiles
from koopcli.train.report import StepReport
from koopcli.train.step import TrainState
from koopcli.train.training_state import Bookkeeping


class Records:
    """Writes into a run folder, in the first process of a run."""

    def __init__(self, run: Path, meta: ModelMeta, mesh: Mesh | None):
        """Prepare for a run on the devices of `mesh`; nothing is written."""
        self.run, self.meta, self.mesh = run, meta, mesh
        self.writing = distributed.primary()
        self.metrics: MetricsFiles | None = None
        self.map: DataMapRecorder | None = None

    def open(
        self, dataset: Dataset, config: TrainConfig, first: int, notes: Bookkeeping
    ) -> None:
        """Begin metrics and data map, or go on with them from step `first`."""
        if self.writing:
            self.metrics = MetricsFiles(self.run, notes.metrics)
            self.map = DataMapRecorder(self.run, dataset, self.meta, config, first)

    def write(self, record: StepReport, *, validated: bool) -> None:
        """Append to the metrics; `validated` says whether the run ever validates."""
        if self.metrics:
            self.metrics.write(record, self._columns(record, validated=validated))

    def validated(self, model: DynamicsModel, step: int) -> None:
        """Add to the data map what `model` gets wrong, if that is where to validate."""
        if self.map:
            self.map.validated(sharding.local(model, self.mesh), step)

    def save(self, name: str, model: DynamicsModel, step: int) -> None:
        """Write a model file of that name."""
        if self.writing:
            saved = self._saved(model, step)
            checkpoint.save(self.run / name, saved.model, saved.meta)

    def checkpoint(
        self,
        state: TrainState,
        model: DynamicsModel,
        step: int,
        notes: Bookkeeping,
        keep: int,
    ) -> None:
        """Write all that a run needs to go on from `step`; see `training_state.save`."""
        if self.metrics:
            notes = dataclasses.replace(notes, metrics=self.metrics.sizes())
            state = sharding.local(state, self.mesh)
            saved = self._saved(model, step)
            training_state.save(self.run, state, saved, notes, keep)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is missing."""
        return self.map.warnings if self.map else ()

    def _saved(self, model: DynamicsModel, step: int) -> SavedModel:
        model = sharding.local(model, self.mesh)
        return SavedModel(model, dataclasses.replace(self.meta, step=step))

    def _columns(self, record: StepReport, *, validated: bool) -> list[str]:
        # The first record may have no validation yet; its columns are known all the same.
        names = ["nmse", "nrmse", "nrmse_1", "nrmse_last"]
        if self.meta.has_rewards:
            names.append("reward_nmse")
        columns = [name for name in record.row() if not name.startswith("val_")]
        return columns + ([f"val_{name}" for name in names] if validated else [])
