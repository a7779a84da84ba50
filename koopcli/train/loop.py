"""The loop of a run: calls of the device, validation, metrics, checkpoints, the end."""

import dataclasses
import math
import time
from collections.abc import Iterator
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from koopcli import run_dir
from koopcli.config.training import RunConfig
from koopcli.data.store import Dataset
from koopcli.errors import InterruptedRunError
from koopcli.model import checkpoint, sizes
from koopcli.model.checkpoint import ModelMeta, SavedModel
from koopcli.model.dynamics import DynamicsModel
from koopcli.train import divergence, optimizer, reencoding, resuming, training_state
from koopcli.train.batches import sampling_key
from koopcli.train.data_map import DataMapRecorder
from koopcli.train.interrupt import Asked
from koopcli.train.metrics_files import MetricsFiles
from koopcli.train.progress import BestModel, Clock, Timer, checkpoint_due
from koopcli.train.progress import dispatch_lengths as lengths
from koopcli.train.report import FitResult, Reporter, StepReport
from koopcli.train.step import Data, Record, initial_state, make_dispatch
from koopcli.train.training_state import Bookkeeping, Found
from koopcli.train.validation import make_validation

Losses = dict[str, float]
NEGLIGIBLE = 1e-3
"""Loss, in standard units, from which no growth is an explosion."""


class Loop:
    """Holds what stays the same, passes on what changes."""

    def __init__(
        self,
        run: Path,
        dataset: Dataset,
        model: DynamicsModel,
        meta: ModelMeta,
        config: RunConfig,
        found: Found | None = None,
    ):
        """Prepare a run from its start, or from a checkpoint that was `found`."""
        self.run, self.dataset, self.meta, self.config = run, dataset, meta, config
        model = model if found is None else found.saved.model
        parameters, self.frozen = eqx.partition(model, optimizer.trainable(model))
        self.parameters = sizes.size(model)
        transformation = optimizer.build(config.optimizer, config.train.steps)
        self.state = initial_state(parameters, transformation)
        notes = Bookkeeping()
        if found is not None:
            self.state, notes = training_state.unpack(found, self.state)
        self.first = int(self.state.step)
        self.dispatch = make_dispatch(config, transformation)
        self.key = sampling_key(config.train.seed)
        self.validate = make_validation(
            dataset, config.train.horizon, config.train.val_windows
        )
        self.clock = Clock(config.train.steps, self.first, notes.seconds)
        self.best = BestModel(
            config.train.patience,
            value=notes.best_value,
            step=notes.best_step,
            waited=notes.waited,
        )
        self.metrics = MetricsFiles(run, None if found is None else notes.metrics)
        self.map = DataMapRecorder(run, dataset, meta, config.train, self.first)
        self.lowest_loss = notes.lowest_loss
        self.skipped = list(notes.skipped)
        self.timer = Timer(config.train.checkpoint_minutes)

    def go(self, calls: Iterator[Data], report: Reporter, asked: Asked) -> FitResult:
        """Train to the end, from data for each call; see `koopcli.train.fit.fit`."""
        done, exhausted = self.first, self.best.exhausted
        started = time.monotonic()
        for count, data in zip(lengths(self.config.train, done), calls, strict=False):
            if exhausted:
                break
            self.state, record = self.dispatch(
                self.state, self.frozen, data, self.key, jnp.int32(count)
            )
            self.clock.begun()
            losses, bad = self._losses(record, done, count)
            done += count
            self.clock.tick(done, count, time.monotonic() - started)
            self._check(losses, bad, data)
            said = StepReport(
                **self.clock.fields(),
                losses=losses,
                skipped=tuple(step for step in self.skipped if step >= done - count),
                validation=self._validation(done),
            )
            self.map.validated(self.model, done)
            self.metrics.write(said, self._columns(said))
            report(said)
            due = checkpoint_due(self.config.train, done, count)
            if due or asked or self.timer.due():
                self._checkpoint(done)
            if asked:
                self._save(run_dir.LAST_MODEL, done)
                raise InterruptedRunError(
                    f"stopped by {asked.name} after step {done} of "
                    f"{self.config.train.steps}; go on with: "
                    f"{resuming.command(self.run)}"
                )
            exhausted = self.best.exhausted
            started = time.monotonic()
        return self._finish(done)

    def _finish(self, done: int) -> FitResult:
        self._checkpoint(done)
        self._save(run_dir.LAST_MODEL, done)
        if self.best.value is None:
            self._save(run_dir.BEST_MODEL, done)
        every = reencoding.settle(
            self.run,
            self.dataset,
            self.config.train.horizon,
            self.config.model.rollout_every,
        )
        return FitResult(
            run=self.run,
            steps=done,
            best_step=done if self.best.value is None else self.best.step,
            best_validation=self.best.value,
            seconds=self.clock.seconds,
            seconds_to_first_step=self.clock.start_up,
            parameters=self.parameters,
            reencode_every=every,
            stopped_early=self.best.exhausted,
            skipped=tuple(self.skipped),
            warnings=tuple(self._warnings()),
        )

    def _warnings(self) -> Iterator[str]:
        if self.validate is None:
            yield "no validation episodes: the model of the last step is kept as the best"
        elif self.best.value is None:
            yield (
                "the validation error was never finite: the model of the last step is "
                "kept as the best"
            )
        yield from self.map.warnings
        if self.skipped:
            yield (
                f"{len(self.skipped)} steps were skipped, because their loss or gradient "
                f"was not finite; the first is step {self.skipped[0]}"
            )

    def _losses(self, record: Record, done: int, count: int) -> tuple[Losses, int]:
        # One round trip: the host waits for the device here, and nowhere else.
        means, skipped, bad = jax.device_get(
            (record.means, record.skipped, self.state.bad_steps)
        )
        self.skipped += (done + np.flatnonzero(skipped[:count])).tolist()
        return {name: float(value) for name, value in means.items()}, int(bad)

    def _check(self, losses: Losses, bad: int, data: Data) -> None:
        train = self.config.train
        if bad > train.max_bad_steps:
            first = self.clock.done - bad
            self._save(run_dir.LAST_MODEL, first)
            divergence.stop(self.run, self.model, first, data, self.config)
        loss = losses["loss"]
        if not math.isfinite(loss):  # no step of the call counted
            return
        lowest = loss if self.lowest_loss is None else min(loss, self.lowest_loss)
        limit = train.max_loss_growth * max(lowest, NEGLIGIBLE)
        if train.max_loss_growth and loss > limit:
            self._save(run_dir.LAST_MODEL, self.clock.done)
            divergence.explode(self.run, self.clock.done, loss, limit)
        self.lowest_loss = lowest

    @property
    def model(self) -> DynamicsModel:
        """The model as it is now."""
        return eqx.combine(self.state.parameters, self.frozen)

    def _saved(self, step: int) -> SavedModel:
        return SavedModel(self.model, dataclasses.replace(self.meta, step=step))

    def _save(self, name: str, step: int) -> None:
        saved = self._saved(step)
        checkpoint.save(self.run / name, saved.model, saved.meta)

    def _checkpoint(self, done: int) -> None:
        notes = Bookkeeping(
            seconds=self.clock.seconds,
            best_value=self.best.value,
            best_step=self.best.step,
            waited=self.best.waited,
            lowest_loss=self.lowest_loss,
            metrics=self.metrics.sizes(),
            skipped=tuple(self.skipped),
        )
        keep = self.config.train.keep
        training_state.save(self.run, self.state, self._saved(done), notes, keep)

    def _validation(self, done: int) -> Losses | None:
        train = self.config.train
        if self.validate is None or (done % train.eval_every and done != train.steps):
            return None
        errors = self.validate(self.model)
        if self.best.offer(errors["nmse"], done):
            self._save(run_dir.BEST_MODEL, done)
        return errors

    def _columns(self, record: StepReport) -> list[str]:
        # The first record may have no validation yet; its columns are known all the same.
        names = ["nmse", "nrmse", "nrmse_1", "nrmse_last"]
        if self.meta.has_rewards:
            names.append("reward_nmse")
        columns = [name for name in record.row() if not name.startswith("val_")]
        return columns + ([f"val_{name}" for name in names] if self.validate else [])
