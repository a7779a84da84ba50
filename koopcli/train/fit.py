"""Train a model on a dataset file, into a run folder: the verb of `koopcli train`."""

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import equinox as eqx
import jax
from jax.sharding import Mesh

from koopcli import device, distributed, run_dir
from koopcli.config.choices import ModelKind
from koopcli.config.model import REENCODE_EVERY, ModelConfig
from koopcli.config.training import RunConfig
from koopcli.data.store import Dataset
from koopcli.errors import TooLargeError
from koopcli.files import sha256
from koopcli.model import sizes
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.header import ModelMeta
from koopcli.model.normaliser import Normaliser
from koopcli.train import (
    closed_form,
    interrupt,
    lock,
    resuming,
    run_folder,
    sharding,
    stages,
    streaming,
    training_state,
)
from koopcli.train.loop import Loop
from koopcli.train.report import FitResult, Reporter


def fit(  # noqa: PLR0913 (three are needed, four have defaults)
    dataset_path: Path,
    run: Path,
    config: RunConfig,
    *,
    report: Reporter = lambda _: None,
    command: str = "",
    overwrite: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> FitResult:
    """Train a model and leave a run folder that can be used without the dataset.

    Args:
        dataset_path: File that `koopcli ingest` wrote.
        run: Folder to create.
        config: All settings.
        report: Called after every call of the device.
        command: Command line, for the record.
        overwrite: Whether an existing run folder may be replaced.
        tell: Told in words what takes long before the first call.

    Raises:
        ConfigError: `run` exists, or is a folder that koopcli did not make.
        DataError: The dataset cannot be used.
        DivergedError: A loss or gradient stopped being finite; the last good model is
            in the folder.
        TooLargeError: Model and windows do not fit into the memory of the device.
    """
    writing = distributed.primary()
    if writing:
        run_folder.refuse(run, overwrite=overwrite)
    mesh = _devices(config, tell)
    dataset = streaming.load(dataset_path, config.train)
    model = initial_model(dataset, config)
    # With the widths that model.params asked for, in the folder and in every model.
    config = dataclasses.replace(config, model=model.config)
    meta = model_meta(dataset, config)
    with run_folder.creating(run, overwrite=overwrite) if writing else nullcontext():
        if writing:
            record = run_folder.environment(
                dataset, config, meta.dataset_sha256, command
            )
            run_folder.describe(run, config, record)
        return _begin(run, dataset, model, meta, config, mesh, report, tell)


def resume(
    run: Path,
    config: RunConfig,
    dataset_path: Path | None = None,
    *,
    report: Reporter = lambda _: None,
    command: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> FitResult:
    """Go on with a run from its newest checkpoint, exactly as if it had never stopped.

    A run that was stopped before its first checkpoint begins again.

    Args:
        run: The folder of the run.
        config: Its settings; `koopcli.train.resuming.settings` says which may differ.
        dataset_path: Where the dataset is now; None: where it was.
        report: Called after every call of the device.
        command: Command line, for the record.
        tell: Told in words what happens before the first call.

    Raises:
        ConfigError: Another process trains into the folder.
        DataError: The dataset is not the one of the run.
        ModelError: There are checkpoints, but no sound one.
        DivergedError: As for `fit`.
    """
    dataset_path = resuming.dataset(run, dataset_path)
    mesh, writing = _devices(config, tell), distributed.primary()
    with lock.held(run) if writing else nullcontext():
        if writing:
            run_folder.tidy(run)
        found = training_state.newest(run)
        dataset = streaming.load(dataset_path, config.train)
        meta = model_meta(dataset, config)
        resuming.same_data(run, dataset_path, meta, found)
        step = 0 if found is None else found.saved.meta.step
        resuming.refuse_shorter(run, config, step)
        for remark in found.remarks if found else ():
            tell(f"not used: {remark}")
        if writing:
            record = run_folder.environment(
                dataset, config, meta.dataset_sha256, command
            )
            run_folder.describe_again(run, config, record, step)
        if found is None:
            tell("stopped before its first checkpoint: beginning again")
            model = initial_model(dataset, config)
            return _begin(run, dataset, model, meta, config, mesh, report, tell)
        tell(f"going on from step {step}")
        return _go(Loop(run, dataset, found, meta, config, mesh), report, tell)


def _devices(config: RunConfig, tell: Callable[[str], None]) -> Mesh | None:
    if config.train.deterministic:
        device.require_deterministic()
    return sharding.choose(config, tell)


def _begin(  # noqa: PLR0913 (what `fit` and `resume` have at hand)
    run: Path,
    dataset: Dataset,
    model: DynamicsModel,
    meta: ModelMeta,
    config: RunConfig,
    mesh: Mesh | None,
    report: Reporter,
    tell: Callable[[str], None],
) -> FitResult:
    if isinstance(model, EdmdcModel):
        return closed_form.train(run, dataset, model, meta, config, report)
    return _go(Loop(run, dataset, model, meta, config, mesh), report, tell)


def _go(loop: Loop, report: Reporter, tell: Callable[[str], None]) -> FitResult:
    train = loop.config.train
    held = streaming.fits(loop.dataset, train)
    if len(stages.each(train)) > 1:
        tell(stages.in_words(train))
    distributed.meet(loop.digest(held=held))
    try:
        with (
            interrupt.deferred() as asked,
            streaming.training_data(
                loop.dataset, train, loop.run, tell, loop.first, loop.mesh
            ) as calls,
        ):
            return loop.go(calls, report, asked)
    except jax.errors.JaxRuntimeError as error:
        if not device.does_not_fit(error):
            raise
        raise TooLargeError(
            f"{loop.run}: {train.batch_size} windows of {train.horizon} steps do not fit "
            f"into the memory of the device ({str(error).splitlines()[0]}); try --remat "
            "always, lower --batch-size, --horizon or --params, or share batches out over "
            "more devices"
        ) from error
    except OSError as error:
        if any((loop.run / run_dir.CHECKPOINTS).glob("step_*.eqx")):
            error.add_note(f"then go on with: {resuming.command(loop.run)}")
        raise


def initial_model(dataset: Dataset, config: RunConfig) -> DynamicsModel:
    """Build an untrained model that fits `dataset`, with its normalisers filled in."""
    statistics = dataset.statistics
    dims = Dimensions(
        state=len(dataset.observation_names),
        action=len(dataset.action_names),
        reward=dataset.rewards is not None,
    )
    key = jax.random.fold_in(jax.random.key(config.train.seed), 0)
    longest = int(dataset.transitions[dataset.splits["train"]].max(initial=0))
    settings = sizes.resolve(settle_reencoding(config, longest), dims)
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


def settle_reencoding(config: RunConfig, longest: int) -> ModelConfig:
    """Return the shape of the model with the steps between its re-encodings in training.

    Args:
        config: The settings; unset steps get the default of the kind.
        longest: Steps of the longest episode to train on.
    """
    every = config.model.reencode_every
    if every is None:
        every = REENCODE_EVERY.get(config.model.kind, 0)
    # A re-encoding that no window is long enough for would stay untrained, and its gate at
    # random values. edmdc does not train on windows.
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
        delays=dataset.delays,
    )
