"""Train a model on a dataset file, into a run folder: the verb of `koopcli train`."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp

from koopcli import run_dir
from koopcli.config import REENCODE_EVERY, ModelConfig, ModelKind, RunConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.data.windows import starts
from koopcli.errors import DivergedError
from koopcli.files import sha256
from koopcli.model import checkpoint, sizes
from koopcli.model.build import build
from koopcli.model.checkpoint import ModelMeta
from koopcli.model.dynamics import Dimensions, DynamicsModel
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.normaliser import Normaliser
from koopcli.train import closed_form, loss, optimizer, reencoding, run_folder
from koopcli.train.batches import DeviceData
from koopcli.train.progress import BestModel, Clock, checkpoint_due, dispatch_lengths
from koopcli.train.report import FitResult, Reporter, StepReport, metrics_files, tee
from koopcli.train.step import batch_at, initial_state, make_dispatch
from koopcli.train.validation import make_validation


def fit(
    dataset_path: Path,
    run: Path,
    config: RunConfig,
    *,
    report: Reporter = lambda _: None,
    command: str = "",
    overwrite: bool = False,
) -> FitResult:
    """Train a model and leave a run folder that can be used without the dataset.

    Args:
        dataset_path: File that `koopcli ingest` wrote.
        run: Folder to create.
        config: All settings.
        report: Called after every call of the device.
        command: Command line, for the record.
        overwrite: Whether an existing run folder may be replaced.

    Raises:
        ConfigError: `run` exists, or is a folder that koopcli did not make.
        DataError: The dataset cannot be used.
        DivergedError: A loss or gradient stopped being finite; the last good model is
            in the folder.
    """
    run_folder.refuse(run, overwrite=overwrite)
    dataset = store.load(dataset_path)
    chosen = starts(dataset, "train")
    model = initial_model(dataset, config)
    # With the widths that model.params asked for, in the folder and in every model.
    config = dataclasses.replace(config, model=model.config)
    meta = model_meta(dataset, config)
    with run_folder.creating(run, overwrite=overwrite):
        run_folder.describe(run, config, dataset_path, command)
        if isinstance(model, EdmdcModel):
            return closed_form.train(run, dataset, model, meta, config, report)
        data = DeviceData(dataset, chosen)
        return _Run(run, dataset, data, model, meta, config).go(report)


def initial_model(dataset: Dataset, config: RunConfig) -> DynamicsModel:
    """Build an untrained model that fits `dataset`, with its normalisers filled in."""
    statistics = dataset.statistics
    dims = Dimensions(
        state=len(dataset.observation_names),
        action=len(dataset.action_names),
        reward=dataset.rewards is not None,
    )
    key = jax.random.fold_in(jax.random.key(config.train.seed), 0)
    settings = sizes.resolve(_model_config(dataset, config), dims)
    model = build(settings, dims, key=key)
    normalisers = [
        None
        if columns is None
        else Normaliser(columns.mean, columns.scale, columns.min, columns.max)
        for columns in (statistics.observations, statistics.actions, statistics.rewards)
    ]
    return eqx.tree_at(
        lambda m: (m.state_normaliser, m.action_normaliser, m.reward_normaliser),
        model,
        tuple(normalisers),
        is_leaf=lambda node: node is None,
    )


def _model_config(dataset: Dataset, config: RunConfig) -> ModelConfig:
    every = config.model.reencode_every
    if every is None:
        every = REENCODE_EVERY.get(config.model.kind, 0)
    # A re-encoding that no window is long enough for would stay untrained, and its gate at
    # random values. edmdc does not train on windows.
    longest = int(dataset.transitions[dataset.splits["train"]].max(initial=0))
    short = every is not None and every >= min(config.train.horizon, longest)
    if short and config.model.kind is not ModelKind.EDMDC:
        every = 0
    return dataclasses.replace(config.model, reencode_every=every)


def model_meta(dataset: Dataset, config: RunConfig) -> ModelMeta:
    """Collect what a model file says about its training."""
    observations, rewards = dataset.statistics.observations, dataset.statistics.rewards
    return ModelMeta(
        model_config=config.model,
        observation_names=dataset.observation_names,
        action_names=dataset.action_names,
        dt=dataset.dt,
        dt_known=dataset.dt_known,
        has_rewards=dataset.rewards is not None,
        horizon=config.train.horizon,
        step=0,
        observation_min=tuple(observations.min.tolist()),
        observation_max=tuple(observations.max.tolist()),
        observation_scale=tuple(observations.scale.tolist()),
        reward_scale=None if rewards is None else float(rewards.scale[0]),
        dataset_sha256=sha256(dataset.path),
    )


class _Run:
    """The loop. Holds what stays the same, passes on what changes."""

    def __init__(
        self,
        run: Path,
        dataset: Dataset,
        data: DeviceData,
        model: DynamicsModel,
        meta: ModelMeta,
        config: RunConfig,
    ):
        self.run, self.dataset, self.data = run, dataset, data
        self.meta, self.config = meta, config
        mask = optimizer.trainable(model)
        parameters, self.frozen = eqx.partition(model, mask)
        self.transformation = optimizer.build(config.optimizer, config.train.steps)
        self.state = initial_state(parameters, self.transformation)
        self.parameters = sizes.size(model)
        self.key = jax.random.fold_in(jax.random.key(config.train.seed), 1)
        self.validate = make_validation(
            dataset, config.train.horizon, config.train.val_windows
        )
        self.dispatch = make_dispatch(config, self.transformation)
        self.best = BestModel(patience=config.train.patience)
        self.warnings: list[str] = []
        if self.validate is None:
            self.warnings.append(
                "no validation episodes: the model of the last step is kept as the best"
            )

    def go(self, report: Reporter) -> FitResult:
        """Train to the end; see `fit`. Ctrl-C leaves the last model in the folder."""
        try:
            return self._loop(report)
        except KeyboardInterrupt:
            self._save(self.run / run_dir.LAST_MODEL, int(self.state.step))
            raise

    def _loop(self, report: Reporter) -> FitResult:
        clock = Clock(self.config.train.steps)
        writer: Reporter | None = None
        done = 0
        for done, count in self._calls():
            started = time.monotonic()
            self.state, sums = self.dispatch(
                self.state, self.frozen, self.data, self.key, jnp.int32(count)
            )
            losses = {
                name: float(value) for name, value in jax.device_get(sums).items()
            }
            clock.tick(done, count, time.monotonic() - started)
            self._stop_if_diverged()
            record = StepReport(
                **clock.fields(), losses=losses, validation=self._validation(done)
            )
            writer = writer or metrics_files(self.run, self._columns(record))
            tee(writer, report)(record)
            if checkpoint_due(self.config.train, done, count):
                name = run_dir.checkpoint_name(done)
                self._save(self.run / run_dir.CHECKPOINTS / name, done)
            if self.best.exhausted:
                break
        self._save(self.run / run_dir.LAST_MODEL, done)
        if self.best.value is None:
            self._save(self.run / run_dir.BEST_MODEL, done)
        if self.validate is not None and self.best.value is None:
            self.warnings.append(
                "the validation error was never finite: the model of the last step is "
                "kept as the best"
            )
        every = reencoding.settle(self.run, self.dataset, self.config.train.horizon)
        return FitResult(
            run=self.run,
            steps=done,
            best_step=done if self.best.value is None else self.best.step,
            best_validation=self.best.value,
            seconds=clock.seconds,
            parameters=self.parameters,
            reencode_every=every,
            stopped_early=self.best.exhausted,
            warnings=tuple(self.warnings),
        )

    def _calls(self) -> Iterator[tuple[int, int]]:
        done = 0
        for count in dispatch_lengths(self.config.train):
            done += count
            yield done, count

    def _model(self) -> DynamicsModel:
        return eqx.combine(self.state.parameters, self.frozen)

    def _save(self, path: Path, step: int) -> None:
        checkpoint.save(path, self._model(), dataclasses.replace(self.meta, step=step))

    def _validation(self, done: int) -> dict[str, float] | None:
        train = self.config.train
        if self.validate is None or (done % train.eval_every and done != train.steps):
            return None
        errors = self.validate(self._model())
        if self.best.offer(errors["nmse"], done):
            self._save(self.run / run_dir.BEST_MODEL, done)
        return errors

    def _columns(self, record: StepReport) -> list[str]:
        # The first record may have no validation yet; its columns are known all the same.
        names = ["nmse", "nrmse", "nrmse_1", "nrmse_last"]
        if self.meta.has_rewards:
            names.append("reward_nmse")
        columns = [name for name in record.row() if not name.startswith("val_")]
        return columns + ([f"val_{name}" for name in names] if self.validate else [])

    def _stop_if_diverged(self) -> None:
        bad = int(self.state.bad_step)
        if bad < 0:
            return
        self._save(self.run / run_dir.LAST_MODEL, bad)
        batch, key = batch_at(self.data, self.key, jnp.int32(bad), self.config)
        terms = loss.compute_terms(self._model(), batch, self.config.loss, key=key)
        guilty = [name for name, value in terms.items() if not jnp.isfinite(value)]
        what = f"the {guilty[0]} loss" if guilty else "the gradient"
        raise DivergedError(
            f"{self.run}: {what} became non-finite at step {bad} (batch: seed "
            f"{self.config.train.seed}, step {bad}); {run_dir.LAST_MODEL} holds the last "
            "good model. Lower --learning-rate or use --stability strict"
        )
