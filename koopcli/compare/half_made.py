"""Runs of a comparison that were stopped half-way: which can go on, and what they cost.

A run goes on exactly (`koopcli.train.fit.resume`), so that a comparison that was stopped
ends with the models, and nearly the training times, of one that was not.
"""

import dataclasses
import json
from pathlib import Path

from koopcli import config_file, run_dir
from koopcli.compare.meter import Meter
from koopcli.compare.plan import CLOSED_FORM, Planned
from koopcli.config.training import RunConfig
from koopcli.errors import ConfigError, ModelError
from koopcli.train import resuming, streaming, training_state
from koopcli.train.fit import initial_model


@dataclasses.dataclass(frozen=True)
class HalfMade:
    """A run that can go on.

    Attributes:
        config: Its settings.
        meter: What was measured up to its checkpoint.
    """

    config: RunConfig
    meter: Meter


def find(folder: Path, run: Planned, dataset: Path, digest: str) -> HalfMade | None:
    """Return what is there of a planned run; None if it has to begin.

    Args:
        folder: The run folder.
        run: What it should be.
        dataset: The dataset file.
        digest: Its hash.
    """
    if not run_dir.is_run(folder) or run.model in CLOSED_FORM:
        return None
    if resuming.record(folder).get("dataset_sha256") != digest:
        return None
    try:
        stored = config_file.build(config_file.read(folder / run_dir.CONFIG))
        found = training_state.newest(folder)
    except (ConfigError, ModelError):
        return None
    # Training settles what the plan leaves open, from the data.
    model = initial_model(streaming.load(dataset, run.config.train), run.config)
    settled = dataclasses.replace(run.config, model=model.config)
    if found is None or stored != settled:
        return None
    return HalfMade(settled, _measured(folder, found.saved.meta.step))


def _measured(folder: Path, step: int) -> Meter:
    # The metrics may go on beyond the checkpoint; that part is trained, and said, again.
    resumed = resuming.record(folder).get("resumed", [])
    meter = Meter(starts={step, *(part["step"] for part in resumed)})
    for line in (folder / run_dir.METRICS_JSONL).read_text().splitlines():
        if meter.steps >= step:  # the last line may be half of one
            break
        row = json.loads(line)
        meter.note(row["step"], row["steps_per_second"])
    return meter
