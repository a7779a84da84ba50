"""VERB: run + dataset, or run + files of a state and actions -> prediction file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from koopcli import device as devices
from koopcli import run_dir
from koopcli.config.choices import Device
from koopcli.config.evaluation import PredictConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts, starts
from koopcli.errors import ConfigError, ModelError
from koopcli.evaluate import compatibility, inputs
from koopcli.evaluate.prediction_file import Chunk, Header, PredictionSummary, write
from koopcli.evaluate.rollouts import (
    Rollout,
    Windows,
    batch_rows,
    batches,
    rollout_of,
)
from koopcli.files import refuse_overwrite
from koopcli.model import checkpoint
from koopcli.model.header import ModelMeta

Progress = Callable[[int, int], None]
"""Called with the rollouts done and their total."""


@dataclass(frozen=True)
class InputFiles:
    """A start written down by the user, instead of a dataset.

    Attributes:
        initial_state: One row of observations (CSV, NPZ or NPY).
        actions: One row per step; None for a model without actions.
        horizon: Steps to predict; unset: one per action, or `PredictConfig.horizon`.
    """

    initial_state: Path
    actions: Path | None = None
    horizon: int | None = None


@dataclass(frozen=True)
class _Job:
    horizon: int
    windows: Iterator[Windows]
    starts: Starts | None
    count: int
    dt: float
    dt_known: bool
    warnings: tuple[str, ...]


def predict(  # noqa: PLR0913 (two are needed, four have defaults)
    run: Path,
    source: Path | InputFiles,
    output: Path,
    config: PredictConfig | None = None,
    *,
    overwrite: bool = False,
    device: Device = Device.AUTO,
    progress: Progress = lambda done, total: None,
) -> PredictionSummary:
    """Roll a model out and write the predictions beside the truth (docs/metrics.md).

    Args:
        run: Run folder or model file.
        source: A dataset file, or the files of one start.
        output: The prediction file to write.
        config: Which rollouts, and how long.
        overwrite: Whether `output` may be replaced.
        device: Where the model runs.
        progress: Told the rollouts done and their total, after each batch.

    Raises:
        ConfigError: `output` exists, or the settings contradict the input.
        DataError: The input is unusable.
        ModelError: The model is unusable or does not fit the input.
        DeviceError: The device is not there.
    """
    config = config or PredictConfig()
    refuse_overwrite(output, overwrite=overwrite)
    devices.select(device)
    saved = checkpoint.load(run_dir.model_file(run))
    if isinstance(source, InputFiles):
        job = _from_files(source, saved.meta, config)
    else:
        job = _from_dataset(run, source, saved.meta, config)
    rows = batch_rows(config.batch_size, job.horizon, job.count)
    rollout = rollout_of(saved.model, rows, config.reencode_every, saved.meta.delays)
    header = Header(
        run=str(run),
        source=str(getattr(source, "initial_state", source)),
        horizon=job.horizon,
        rollouts=job.count,
        reencode_every=saved.model.reencoding(config.reencode_every),
        dt=job.dt,
        dt_known=job.dt_known,
    )
    chunks = _chunks(
        rollout, job, autonomous=not saved.meta.action_names, progress=progress
    )
    return write(output, header, saved.meta, chunks, job.warnings)


def _from_dataset(
    run: Path, path: Path, meta: ModelMeta, config: PredictConfig
) -> _Job:
    dataset = store.load(path)
    warnings = compatibility.check_fit(str(run), meta, dataset)
    candidates = starts(dataset, config.split)
    longest, horizon = int(candidates.remaining.max()), config.horizon
    if horizon > longest and meta.action_names:
        warnings = (
            *warnings,
            f"{path}: no episode of the {config.split} split has {horizon} known "
            f"steps; the horizon was clipped to {longest}",
        )
        horizon = longest
    chosen = spread(candidates, horizon, config.starts)
    size = batch_rows(config.batch_size, horizon, len(chosen))
    return _Job(
        horizon=horizon,
        windows=batches(dataset, chosen, horizon, size),
        starts=_within_episodes(dataset, chosen),
        count=len(chosen),
        dt=dataset.dt,
        dt_known=dataset.dt_known,
        warnings=warnings,
    )


def spread(candidates: Starts, horizon: int, count: int | None) -> Starts:
    """Choose `count` starts, evenly; all if unset or if there are no more.

    With a count, starts that see the whole horizon are preferred: others are only used
    if there is none.
    """
    if count is None or count >= len(candidates):
        return candidates
    full = np.flatnonzero(candidates.remaining >= horizon)
    usable = full if len(full) else np.arange(len(candidates))
    picks = np.linspace(0, len(usable) - 1, min(count, len(usable)))
    return candidates.take(usable[np.round(picks).astype(np.int64)])


def _within_episodes(dataset: Dataset, chosen: Starts) -> Starts:
    # Rows of the whole file become steps within the episode.
    return Starts(
        observation_rows=chosen.observation_rows
        - dataset.observation_starts[chosen.episodes],
        step_rows=chosen.step_rows - dataset.step_starts[chosen.episodes],
        remaining=chosen.remaining,
        episodes=chosen.episodes,
    )


def _from_files(files: InputFiles, meta: ModelMeta, config: PredictConfig) -> _Job:
    state = inputs.columns(
        inputs.read(files.initial_state), meta.observation_names, files.initial_state
    )
    if len(state) != 1:
        raise ConfigError(
            f"{files.initial_state}: holds {len(state)} rows; give one initial state"
        )
    actions = _given_actions(files, meta, config)
    horizon = len(actions)
    window = Windows(
        states=state.astype(np.float32),
        actions=actions[None].astype(np.float32),
        truth=np.full((1, horizon, len(meta.output_names)), np.nan, np.float32),
        rewards=None,
        mask=np.zeros((1, horizon), bool),
        episodes=np.full(1, -1),
    )
    return _Job(horizon, iter([window]), None, 1, meta.dt, meta.dt_known, ())


def _given_actions(
    files: InputFiles, meta: ModelMeta, config: PredictConfig
) -> np.ndarray:
    if not meta.action_names:
        if files.actions is not None:
            raise ModelError(f"{files.actions}: the model takes no actions; omit it")
        return np.zeros((files.horizon or config.horizon, 0))
    if files.actions is None:
        raise ConfigError(
            "the model has actions ("
            + ", ".join(meta.action_names)
            + "): add --actions FILE with one row per step"
        )
    table = inputs.read(files.actions)
    actions = inputs.columns(table, meta.action_names, files.actions)
    if files.horizon is not None and files.horizon > len(actions):
        raise ConfigError(
            f"{files.actions}: holds {len(actions)} actions, fewer than the horizon "
            f"{files.horizon}"
        )
    return actions[: files.horizon]


def _chunks(
    rollout: Rollout, job: _Job, *, autonomous: bool, progress: Progress
) -> Iterator[Chunk]:
    first = 0
    for window in job.windows:
        predicted = rollout(window.states, window.actions)
        rows = slice(first, first + len(window.states))
        first = rows.stop
        # Where the actions are unknown there is nothing to predict.
        meaningful = window.mask
        if autonomous or job.starts is None:
            meaningful = np.ones_like(window.mask)
        episodes = np.array([-1]) if job.starts is None else job.starts.episodes[rows]
        steps = np.array([0]) if job.starts is None else job.starts.step_rows[rows]
        yield Chunk(window, predicted, meaningful, episodes, steps)
        progress(first, job.count)
