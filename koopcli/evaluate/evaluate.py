"""VERB: open-loop errors of runs and baselines on a dataset -> EvalReport."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from koopcli.config.choices import Device
from koopcli.config.evaluation import EvalConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.evaluate import free_runs, long_run
from koopcli.evaluate.building import Found, build
from koopcli.evaluate.entrants import Loaded, entrants, load, runs_of
from koopcli.evaluate.examples import examples
from koopcli.evaluate.latents import consistency
from koopcli.evaluate.protocol import Protocol, choose_starts, clip_horizons
from koopcli.evaluate.report import EvalReport
from koopcli.evaluate.rollouts import batch_rows, batches
from koopcli.evaluate.tally import tally
from koopcli.evaluate.yardstick import yardstick
from koopcli.files import sha256
from koopcli.run_dir import model_file

Progress = Callable[[int, int], None]
"""Called with the starts done and their total."""


@dataclass(frozen=True)
class _Plan:
    chosen: Starts
    stride: int
    horizons: tuple[int, ...]
    warnings: tuple[str, ...]


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
        progress: Told after each batch.

    Raises:
        ConfigError: No run is given, or one twice.
        DataError: The dataset is unusable or its split is empty.
        ModelError: A model is unusable or does not fit the dataset.
        DeviceError: The device is not there.
    """
    config = config or EvalConfig()
    loaded = load(runs, dataset_path, device)
    dataset = loaded.dataset
    plan = _plan(dataset, config)
    longest, total = plan.horizons[-1], len(plan.chosen)
    scale = yardstick(dataset, config, plan.horizons)
    size = batch_rows(config.batch_size, longest, total)
    models = entrants(loaded, size, config.reencode_every)
    # The sweep goes over the data in the same pass.
    sweep = [runs_of(loaded, size, every) for every in config.reencode_sweep]
    everyone = [*models, *(each for several in sweep for each in several)]
    tallies = tally(
        everyone,
        batches(dataset, plan.chosen, longest, size),
        scale,
        lambda done: progress(done, total),
    )
    scored = list(zip(everyone, tallies, strict=True))
    main, rest, runs_count = scored[: len(models)], scored[len(models) :], len(runs)
    free = free_runs.Measured([], ())
    if config.long_run is not None:
        free = free_runs.measure(loaded, models, config, scale)
    found = Found(
        scored=main,
        sweep=[
            (every, rest[at * runs_count : (at + 1) * runs_count])
            for at, every in enumerate(config.reencode_sweep)
        ],
        long_run=free.rows,
        latents=consistency(loaded.saved, dataset, plan.chosen, plan.horizons),
        examples=examples(models, tallies[0].record, dataset, plan.chosen),
    )
    protocol = _protocol(loaded, dataset_path, config, plan)
    warnings = loaded.warnings + plan.warnings + free.warnings
    return build(protocol, dataset, found, scale, warnings)


def _protocol(
    loaded: Loaded, dataset_path: Path, config: EvalConfig, plan: _Plan
) -> Protocol:
    names = (
        "divergence_factor",
        "angle_cols",
        "valid_threshold",
        "bootstrap",
        "confidence",
        "reencode_sweep",
        "lyapunov_exponent",
        "seed",
        "batch_size",
        "long_run",
    )
    return Protocol(
        dataset=str(dataset_path),
        dataset_sha256=loaded.digest,
        split=str(config.split),
        horizons=plan.horizons,
        stride=plan.stride,
        starts=len(plan.chosen),
        training_horizons={
            run: model.meta.horizon for run, model in loaded.saved.items()
        },
        reencode_every={
            run: model.model.reencoding(config.reencode_every)
            for run, model in loaded.saved.items()
        },
        reencode_every_asked=config.reencode_every,
        dt=loaded.dataset.dt,
        dt_known=loaded.dataset.dt_known,
        device=loaded.device,
        state_space_form=_form(loaded.dataset, config),
        episodes=len(np.unique(plan.chosen.episodes)),
        model_sha256={run: sha256(model_file(Path(run))) for run in loaded.saved},
        **{name: getattr(config, name) for name in names},
    )


def _form(dataset: Dataset, config: EvalConfig) -> str | None:
    # An angle has two coordinates: cosine and sine.
    columns = len(dataset.output_names) + len(config.angle_cols)
    return long_run.form(columns, config.long_run) if config.long_run else None


def _plan(dataset: Dataset, config: EvalConfig) -> _Plan:
    chosen, stride = choose_starts(dataset, config)
    longest, wanted = int(chosen.remaining.max()), max(config.horizons)
    warnings = []
    if longest < wanted:
        warnings.append(
            f"{dataset.path}: no episode of the {config.split} split has {wanted} "
            f"known steps; horizons were clipped to {longest}"
        )
    return _Plan(
        chosen, stride, clip_horizons(config.horizons, longest), tuple(warnings)
    )
