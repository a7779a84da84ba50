"""VERB: train several models under one budget, evaluate them alike -> Comparison."""

from collections.abc import Mapping
from pathlib import Path

from koopcli.compare import plan, scores, training
from koopcli.compare import record as records
from koopcli.compare.listener import Listener
from koopcli.compare.plan import CLOSED_FORM, Planned
from koopcli.compare.record import Record, Status
from koopcli.compare.scores import Comparison
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import CompareConfig
from koopcli.config.evaluation import EvalConfig
from koopcli.config.training import RunConfig
from koopcli.data import store
from koopcli.errors import DivergedError
from koopcli.evaluate.evaluate import evaluate
from koopcli.files import sha256
from koopcli.train import calibrate
from koopcli.train.fit import initial_model

MAX_STARTS = 2_000
"""Starts of the evaluation: every model of every seed makes a rollout from each."""


def compare(
    dataset_path: Path,
    folder: Path,
    config: CompareConfig | None = None,
    *,
    listener: Listener | None = None,
    overwrite: bool = False,
) -> Comparison:
    """Train every model with every seed, then roll all out from the same starts.

    Each run gets a folder of its own under `folder`. Finished runs are not trained
    again, so a comparison that was stopped goes on where it was, and models and seeds
    can be added. Writes no tables; see `koopcli.compare.tables`.

    Args:
        dataset_path: File that `koopcli ingest` wrote.
        folder: Folder of the comparison; created if it is not there.
        config: What is compared.
        listener: Told how it goes.
        overwrite: Whether runs of another request are trained anew.

    Raises:
        ConfigError: A setting is wrong, or the folder holds something else.
        DataError: The dataset cannot be used.
        DivergedError: Every single run diverged in training.
    """
    config, listener = config or CompareConfig(), listener or Listener()
    bases = {kind: plan.base_config(kind, config) for kind in config.models}
    dataset, digest = store.load(dataset_path), sha256(dataset_path)
    wanted = plan.request(dataset_path, digest, config)
    steps = plan.open_folder(folder, wanted, overwrite=overwrite)
    if config.budget.seconds is not None:
        for kind, base in bases.items():
            if kind in steps or kind in CLOSED_FORM:
                continue
            steps[kind] = _calibrated(dataset_path, base, config, listener)
            plan.write(folder, wanted, steps)
    runs = _runs(bases, config, steps)
    found = _found(runs, folder, digest, overwrite=overwrite)
    if len(found) < len(runs):
        # A model that cannot be built is an error now, not after hours of other models.
        for base in bases.values():
            initial_model(dataset, base)
    done = training.train(
        runs, found, (dataset_path, digest), folder, config.budget, listener
    )
    finished = [name for name, run in done.items() if run.status == Status.FINISHED]
    if not finished:
        raise DivergedError(
            f"{folder}: every run diverged in training; {next(iter(done.values())).message}"
        )
    listener.tell(f"evaluating {len(finished)} runs from the same starts")
    report = evaluate(
        [folder / name for name in finished],
        dataset_path,
        EvalConfig(split=config.split, horizons=config.horizons, max_starts=MAX_STARTS),
        progress=listener.evaluated,
    )
    return scores.build(wanted, done, report)


def _runs(
    bases: Mapping[ModelKind, RunConfig], config: CompareConfig, steps: dict[str, int]
) -> list[Planned]:
    # Seed by seed, so that a comparison that is stopped early has every model once.
    return [
        plan.planned(base, seed, training.steps_of(kind, config.budget, steps))
        for seed in config.seeds
        for kind, base in bases.items()
    ]


def _found(
    runs: list[Planned], folder: Path, digest: str, *, overwrite: bool
) -> dict[str, Record]:
    found = {}
    for run in runs:
        record = records.read(folder / run.name, run, digest, renew=overwrite)
        if record is not None:
            found[run.name] = record
    return found


def _calibrated(
    dataset_path: Path, base: RunConfig, config: CompareConfig, listener: Listener
) -> int:
    assert config.budget.seconds is not None
    steps = calibrate.steps_for(config.budget.seconds, dataset_path, base)
    listener.tell(
        f"{base.model.kind}: {steps} steps fit into {config.budget.seconds:g} s "
        "of training"
    )
    return steps
