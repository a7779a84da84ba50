"""The loop of a run: calls of the device, validation, metrics, checkpoints, the end."""

import hashlib
import math
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from koopcli import __version__, config_file, distributed, run_dir
from koopcli.config.training import RunConfig
from koopcli.data.store import Dataset
from koopcli.errors import InterruptedRunError
from koopcli.model import sizes
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.header import ModelMeta
from koopcli.train import (
    divergence,
    optimizer,
    reencoding,
    resuming,
    sharding,
    stages,
    training_state,
)
from koopcli.train.batches import sampling_key
from koopcli.train.interrupt import Asked
from koopcli.train.progress import BestModel, Clock, Timer, checkpoint_due
from koopcli.train.progress import dispatch_lengths as lengths
from koopcli.train.records import Records
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
        start: DynamicsModel | Found,
        meta: ModelMeta,
        config: RunConfig,
        mesh: Mesh | None = None,
    ):
        """Prepare a run from its start, or from a checkpoint, on the devices of `mesh`."""
        self.run, self.dataset, self.config, self.mesh = run, dataset, config, mesh
        model = start.saved.model if isinstance(start, Found) else start
        parameters, frozen = eqx.partition(model, optimizer.trainable(model))
        self.parameters = sizes.size(model)
        state, notes = initial_state(parameters, config), Bookkeeping()
        if isinstance(start, Found):
            state, notes = training_state.unpack(start, state)
        self.first = int(state.step)
        self.stage_end = self.first  # no stage yet
        self.state, self.frozen, self.key = sharding.replicate(
            (state, frozen, sampling_key(config.train.seed)), mesh
        )
        self.validate = make_validation(
            dataset,
            config.train.val_horizon or config.train.horizon,
            config.train.val_windows,
            mesh,
        )
        self.clock = Clock(config.train.steps, self.first, notes.seconds)
        self.best = BestModel(
            config.train.patience,
            value=notes.best_value,
            step=notes.best_step,
            waited=notes.waited,
        )
        self.records = Records(run, meta, mesh)
        self.records.open(dataset, config.train, self.first, notes)
        self.lowest_loss = notes.lowest_loss
        self.skipped = list(notes.skipped)
        self.timer = Timer(config.train.checkpoint_minutes)

    def digest(self, **more: Any) -> bytes:
        """Return 32 bytes that are the same for the same work; `more` belongs to it."""
        records, start = self.records, (self.first, __version__, more)
        settings = config_file.to_toml(self.config)
        words = repr((settings, records.meta.dataset_sha256, start))
        return hashlib.sha256(words.encode()).digest()

    def go(self, calls: Iterator[Data], report: Reporter, asked: Asked) -> FitResult:
        """Train to the end, from data for each call; see `koopcli.train.fit.fit`."""
        done, exhausted = self.first, self.best.exhausted
        started = time.monotonic()
        for count, data in zip(lengths(self.config.train, done), calls, strict=False):
            if exhausted:
                break
            if done >= self.stage_end:
                self.stage_end = stages.end(self.config.train, done)
                self.dispatch = make_dispatch(stages.at(self.config, done), self.mesh)
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
            if self.config.train.data_map:
                self.records.validated(self.model, done)
            self.records.write(said, validated=self.validate is not None)
            report(said)
            # The same for all processes: none may call the device without the others.
            stopped, exhausted = self._agreed(asked)
            due = checkpoint_due(self.config.train, done, count)
            if due or stopped or self.timer.due():
                self._checkpoint(done)
            if stopped:
                self._save(run_dir.LAST_MODEL, done)
                raise InterruptedRunError(
                    f"stopped by {stopped} after step {done} of "
                    f"{self.config.train.steps}; go on with: "
                    f"{resuming.command(self.run)}"
                )
            started = time.monotonic()
        return self._finish(done)

    def _agreed(self, asked: Asked) -> tuple[str | None, bool]:
        number, exhausted = distributed.highest([asked.number, self.best.exhausted])
        return signal.Signals(number).name if number else None, bool(exhausted)

    def _finish(self, done: int) -> FitResult:
        self._checkpoint(done)
        self._save(run_dir.LAST_MODEL, done)
        if self.best.value is None:
            self._save(run_dir.BEST_MODEL, done)
        return FitResult(
            run=self.run,
            steps=done,
            best_step=done if self.best.value is None else self.best.step,
            best_validation=self.best.value,
            seconds=self.clock.seconds,
            seconds_to_first_step=self.clock.start_up,
            parameters=self.parameters,
            reencode_every=self._settle(),
            stopped_early=self.best.exhausted,
            skipped=tuple(self.skipped),
            warnings=tuple(self._warnings()),
        )

    def _settle(self) -> int:
        if not self.records.writing:  # and nobody asks
            return self.model.reencoding(None)
        return reencoding.settle(
            self.run,
            self.dataset,
            self.config.train.horizon,
            self.config.model.rollout_every,
        )

    def _warnings(self) -> Iterator[str]:
        if self.validate is None:
            yield "no validation episodes: the model of the last step is kept as the best"
        elif self.best.value is None:
            yield (
                "the validation error was never finite: the model of the last step is "
                "kept as the best"
            )
        yield from self.records.warnings
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
            model, data = sharding.local((self.model, data), self.mesh)
            windows = stages.at(self.config, self.clock.done - 1)
            divergence.stop(self.run, model, first, data, windows)
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

    def _save(self, name: str, step: int) -> None:
        self.records.save(name, self.model, step)

    def _checkpoint(self, done: int) -> None:
        notes = Bookkeeping(
            seconds=self.clock.seconds,
            best_value=self.best.value,
            best_step=self.best.step,
            waited=self.best.waited,
            lowest_loss=self.lowest_loss,
            skipped=tuple(self.skipped),
        )
        keep = self.config.train.keep
        self.records.checkpoint(self.state, self.model, done, notes, keep)

    def _validation(self, done: int) -> Losses | None:
        train = self.config.train
        if self.validate is None or (done % train.eval_every and done != train.steps):
            return None
        errors = self.validate(self.model)
        if self.best.offer(errors["nmse"], done):
            self._save(run_dir.BEST_MODEL, done)
        return errors
