"""VERB: open-loop errors of runs and baselines on a dataset -> EvalReport."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from koopcli import device as devices
from koopcli import run_dir
from koopcli.config import Device, EvalConfig
from koopcli.data import store
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.errors import ConfigError
from koopcli.evaluate import baselines, compatibility
from koopcli.evaluate.protocol import Protocol, choose_starts, clip_horizons
from koopcli.evaluate.report import EvalReport, build
from koopcli.evaluate.rollouts import batch_rows, batches, rollout_of
from koopcli.evaluate.tally import Entrant, bounds, tally
from koopcli.files import sha256
from koopcli.model import checkpoint
from koopcli.model.checkpoint import SavedModel

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
    if not runs or len({str(run) for run in runs}) < len(runs):
        raise ConfigError("eval: give at least one RUN, and none twice")
    place = devices.select(device)
    dataset = store.load(dataset_path)
    saved = {str(run): checkpoint.load(run_dir.model_file(run)) for run in runs}
    digest = sha256(dataset_path)
    warnings = tuple(
        warning
        for run, model in saved.items()
        for warning in compatibility.check_fit(run, model.meta, dataset, digest)
    )
    plan = _plan(dataset, config)
    longest, total = plan.horizons[-1], len(plan.chosen)
    size = batch_rows(config.batch_size, longest, total)
    entrants = _entrants(saved, dataset, size, config.reencode_every)
    tallies = tally(
        entrants,
        batches(dataset, plan.chosen, longest, size),
        bounds(dataset.statistics.observations, config.divergence_factor),
        lambda done: progress(done, total),
    )
    protocol = Protocol(
        dataset=str(dataset_path),
        dataset_sha256=digest,
        split=str(config.split),
        horizons=plan.horizons,
        stride=plan.stride,
        starts=total,
        training_horizons={run: model.meta.horizon for run, model in saved.items()},
        reencode_every={
            run: model.model.reencoding(config.reencode_every)
            for run, model in saved.items()
        },
        divergence_factor=config.divergence_factor,
        dt=dataset.dt,
        dt_known=dataset.dt_known,
        device=place,
    )
    scored = list(zip(entrants, tallies, strict=True))
    return build(protocol, dataset, scored, warnings + plan.warnings)


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


def _entrants(
    saved: Mapping[str, SavedModel],
    dataset: Dataset,
    size: int,
    reencode_every: int | None,
) -> list[Entrant]:
    models = [
        Entrant(
            run,
            str(model.meta.model_config.kind),
            rollout_of(model.model, size, reencode_every),
        )
        for run, model in saved.items()
    ]
    fitted = baselines.fit_linear(dataset)
    return [
        *models,
        Entrant(None, "persistence", baselines.persistence(dataset)),
        Entrant(None, "linear", baselines.linear(fitted)),
    ]
