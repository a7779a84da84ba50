"""VERB: open-loop errors of runs and baselines on a dataset -> EvalReport."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from koopcli.config import Device, EvalConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.evaluate.entrants import entrants, load
from koopcli.evaluate.protocol import Protocol, choose_starts, clip_horizons
from koopcli.evaluate.report import EvalReport, build
from koopcli.evaluate.rollouts import batch_rows, batches
from koopcli.evaluate.tally import bounds, tally

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
    size = batch_rows(config.batch_size, longest, total)
    models = entrants(loaded, size, config.reencode_every)
    tallies = tally(
        models,
        batches(dataset, plan.chosen, longest, size),
        bounds(dataset.output_statistics.observations, config.divergence_factor),
        lambda done: progress(done, total),
    )
    protocol = Protocol(
        dataset=str(dataset_path),
        dataset_sha256=loaded.digest,
        split=str(config.split),
        horizons=plan.horizons,
        stride=plan.stride,
        starts=total,
        training_horizons={
            run: model.meta.horizon for run, model in loaded.saved.items()
        },
        reencode_every={
            run: model.model.reencoding(config.reencode_every)
            for run, model in loaded.saved.items()
        },
        divergence_factor=config.divergence_factor,
        dt=dataset.dt,
        dt_known=dataset.dt_known,
        device=loaded.device,
    )
    scored = list(zip(models, tallies, strict=True))
    return build(protocol, dataset, scored, loaded.warnings + plan.warnings)


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
