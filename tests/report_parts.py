"""Runs and data of the linear world with names that an attacker would choose."""

import json
from dataclasses import replace

import jax
from linear_world import model_meta, world, write_run, write_world

from koopcli import config_file
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.config.report import ReportConfig
from koopcli.model.build import build
from koopcli.report.collect import collect

EVIL = "<script>alert('x')</script>"
OTHER = 'y" & <img src=x onerror=alert(1)>'
NAMES = (EVIL, OTHER, "one")
CONFIG = ReportConfig(horizons=(1, 5), modes=3)
COMMAND = "koopcli report 'a <b>'"
DIGEST = "ab" * 32


def dataset():
    return replace(world(), observation_names=NAMES)


def write_data(folder):
    return write_world(folder / "data.h5", dataset())


def write_full_run(folder, steps=(10, 20, 30)):
    """A run folder as `train` leaves it: settings, circumstances, metrics, model."""
    meta = model_meta(dataset(), horizon=4, step=20, dataset_sha256=DIGEST)
    run = write_run(folder, meta)
    settings = config_file.build({"train.steps": steps[-1]})
    (run / "config.toml").write_text(config_file.to_toml(settings))
    record = {
        "schema": "koopcli.environment/1",
        "koopcli": "0.1.0",
        "versions": {"jax": "0.10"},
        "command": f"koopcli train '{EVIL}.h5' --output run",
        "dataset": f"/data/{EVIL}.h5",
        "started": "2026-01-02T03:04:05Z",
    }
    (run / "environment.json").write_text(json.dumps(record))
    rows = [metrics(step) for step in steps]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (run / "metrics.jsonl").write_text(text)
    return run


def metrics(step):
    row = {"step": step, "seconds": step / 10, "train_loss": 1 / step, "skipped": ""}
    return row | ({"val_nrmse": 2 / step} if step >= 20 else {"skipped": "3 7"})


def write_gru(folder):
    """A model file of a kind that has no eigenvalues."""
    config = ModelConfig(kind=ModelKind.GRU, width=4, depth=1)
    meta = model_meta(dataset(), horizon=4, model_config=config)
    model = build(config, meta.dimensions, key=jax.random.key(1))
    return write_run(folder, meta, model) / "model.eqx"


def full(folder):
    """Everything collected: a run folder and a model file, held against data."""
    runs = [write_full_run(folder / "run <b>"), write_gru(folder / "other")]
    return collect(runs, write_data(folder), CONFIG, command=COMMAND)


def bare(folder):
    """The same run without data."""
    return collect([write_full_run(folder / "alone")], None, CONFIG, command=COMMAND)
