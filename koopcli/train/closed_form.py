"""A run without gradient steps: one fit, one record, the same run folder."""

import dataclasses
import time
from pathlib import Path

from koopcli import run_dir
from koopcli.config.training import RunConfig
from koopcli.data.store import Dataset
from koopcli.model import checkpoint, sizes
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.header import ModelMeta
from koopcli.train import edmdc
from koopcli.train.metrics_files import MetricsFiles
from koopcli.train.report import FitResult, Reporter, StepReport
from koopcli.train.validation import make_validation

WINDOWS = 64
"""Validation windows that settings are chosen on; the record is of all of them."""


def train(
    run: Path,
    dataset: Dataset,
    model: EdmdcModel,
    meta: ModelMeta,
    config: RunConfig,
    report: Reporter,
) -> FitResult:
    """Fit `model` and complete the run folder; see `koopcli.train.fit.fit`."""
    started = time.monotonic()
    horizon = config.train.horizon
    choose = make_validation(dataset, horizon, min(WINDOWS, config.train.val_windows))
    model, prediction = edmdc.fit(model, dataset, config.train.seed, choose)
    judged = config.train.val_horizon or horizon
    validate = make_validation(dataset, judged, config.train.val_windows)
    errors = validate(model) if validate else None
    seconds = time.monotonic() - started
    record = StepReport(
        step=1,
        steps=1,
        seconds=seconds,
        steps_per_second=1 / seconds,
        eta_seconds=0.0,
        losses={"prediction": prediction, "loss": prediction},
        validation=errors,
    )
    MetricsFiles(run, None).write(record, list(record.row()))
    report(record)
    meta = dataclasses.replace(meta, step=1, model_config=model.config)
    for name in (run_dir.LAST_MODEL, run_dir.BEST_MODEL):
        checkpoint.save(run / name, model, meta)
    warnings = (
        f"no validation episodes: ridge {model.config.ridge:g} and re-encoding every "
        f"{model.config.reencode_every} steps were not chosen on data",
    )
    return FitResult(
        run=run,
        steps=1,
        best_step=1,
        best_validation=errors["nmse"] if errors else None,
        seconds=seconds,
        parameters=sizes.size(model),
        reencode_every=model.reencoding(None),
        stopped_early=False,
        warnings=() if errors else warnings,
    )
