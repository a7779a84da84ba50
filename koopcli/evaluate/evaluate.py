"""VERB: open-loop errors of runs and baselines on a dataset -> EvalReport."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from koopcli import device as devices
from koopcli import run_dir
from koopcli.config import Device, EvalConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.errors import ConfigError
from koopcli.evaluate import baselines, compatibility, metrics
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.protocol import Protocol, choose_starts, clip_horizons, sha256
from koopcli.evaluate.report import (
    OBSERVATIONS,
    REWARDS,
    Curve,
    EvalReport,
    Row,
    Summary,
    label,
    rows_of,
)
from koopcli.evaluate.rollouts import (
    Rollout,
    Windows,
    batch_rows,
    batches,
    rollout_of,
)
from koopcli.model import checkpoint
from koopcli.model.checkpoint import ModelMeta, SavedModel

Progress = Callable[[int, int], None]
"""Called with the starts done and their total."""


@dataclass(frozen=True)
class Entrant:
    """Something that is evaluated: a run, or a baseline (`run` is None)."""

    run: str | None
    model: str
    rollout: Rollout


@dataclass(frozen=True)
class Tally:
    """What one entrant's rollouts add up to."""

    observations: Sums
    rewards: Sums | None
    diverged: int
    broken: int


def evaluate(
    runs: Sequence[Path],
    dataset_path: Path,
    config: EvalConfig | None = None,
    *,
    device: Device = Device.AUTO,
    progress: Progress = lambda done, total: None,
) -> EvalReport:
    """Roll every run and both baselines out from the same starts, and score them.

    Args:
        runs: Run folders or model files.
        dataset_path: A dataset file; its training split gives the baselines, the spread
            that errors are divided by, and the range that rollouts may not leave.
        config: The protocol.
        device: Where the models run.
        progress: Told about each batch.

    Raises:
        ConfigError: No run is given, or one twice.
        DataError: The dataset is unusable or its split is empty.
        ModelError: A model is unusable or does not fit the dataset.
        DeviceError: The device is not there.
    """
    config = config or EvalConfig()
    if not runs or len({str(run) for run in runs}) < len(runs):
        raise ConfigError("eval: give at least one RUN, and none twice")
    where = devices.select(device)
    dataset = store.load(dataset_path)
    saved = {str(run): checkpoint.load(run_dir.model_file(run)) for run in runs}
    digest = sha256(dataset_path)
    warnings = [
        warning
        for run, model in saved.items()
        for warning in _fit_warnings(run, model.meta, dataset, digest)
    ]
    chosen, stride = choose_starts(dataset, config)
    horizons = clip_horizons(config.horizons, int(chosen.remaining.max()))
    if horizons[-1] < max(config.horizons):
        warnings.append(
            f"no episode of the {config.split} split has {max(config.horizons)} steps: "
            f"horizons were clipped to {horizons[-1]}"
        )
    size = batch_rows(config.batch_size, horizons[-1], len(chosen))
    entrants = _entrants(saved, dataset, size, config.reencode_every)
    bounds = training_range(dataset, config.divergence_factor)
    tallies: list[Tally | None] = [None] * len(entrants)
    done = 0
    for windows in batches(dataset, chosen, horizons[-1], size):
        for place, entrant in enumerate(entrants):
            tallies[place] = _add(tallies[place], entrant, windows, bounds)
        done += len(windows.states)
        progress(done, len(chosen))
    protocol = Protocol(
        dataset=str(dataset_path),
        dataset_sha256=digest,
        split=str(config.split),
        horizons=horizons,
        stride=stride,
        starts=len(chosen),
        training_horizons={run: model.meta.horizon for run, model in saved.items()},
        reencode_every=config.reencode_every,
        divergence_factor=config.divergence_factor,
        dt=dataset.dt,
        dt_known=dataset.dt_known,
        device=where,
    )
    return _report(protocol, dataset, entrants, tallies, warnings)
