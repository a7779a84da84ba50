"""How a run of a comparison ended and what it cost: one file in its folder.

It is written last, and replacing a run folder deletes it, so a folder with a record is a
finished run and one without is half made.
"""

import dataclasses
import enum
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli import config_file, files, run_dir
from koopcli.compare.plan import Planned
from koopcli.errors import ConfigError

SCHEMA = "koopcli.compare-run/1"
RECORD = "compare-run.json"


class Status(enum.StrEnum):
    """How training ended."""

    FINISHED = "finished"
    DIVERGED = "diverged"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One finished run.

    Attributes:
        model: Kind of model.
        seed: Seed of parameters and sampling.
        status: Whether training came to its end or diverged.
        message: Why it diverged.
        parameters: Trained numbers; None if it diverged.
        steps: Gradient steps taken; 0 for a closed-form solution.
        best_step: Step of the model that validation chose; None if it diverged.
        training_seconds: Without compilation, validation and files.
        wall_seconds: With them.
        batch_size: Windows per gradient step.
        horizon: Steps predicted per window in training.
    """

    model: str
    seed: int
    status: Status
    message: str = ""
    parameters: int | None = None
    steps: int
    best_step: int | None = None
    training_seconds: float
    wall_seconds: float
    batch_size: int
    horizon: int

    @property
    def steps_per_second(self) -> float | None:
        """Gradient steps per second of training; None where there are none."""
        if not self.steps or not self.training_seconds:
            return None
        return self.steps / self.training_seconds

    def document(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {**dataclasses.asdict(self), "steps_per_second": self.steps_per_second}


def write(folder: Path, record: Record, planned: Planned, digest: str) -> None:
    """Mark a run as finished."""
    document = {
        "schema": SCHEMA,
        "dataset_sha256": digest,
        "config": config_file.flatten(planned.config),
        "record": dataclasses.asdict(record),
    }
    files.write_text(folder / RECORD, json.dumps(document, indent=1) + "\n")


def read(folder: Path, planned: Planned, digest: str, *, renew: bool) -> Record | None:
    """Return the record of a finished run; None if it is to be trained.

    Args:
        folder: The run folder.
        planned: What it should be.
        digest: Hash of the dataset file.
        renew: Whether a run of other settings or data is to be trained anew.

    Raises:
        ConfigError: It is of other settings or data, and `renew` is false.
    """
    try:
        stored = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        found, values = stored["config"], stored["record"]
        record = Record(**{**values, "status": Status(values["status"])})
        same_data = stored["dataset_sha256"] == digest
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # None, or damaged: then the run is as good as half made.
        return None
    wanted = json.loads(json.dumps(config_file.flatten(planned.config)))
    changed = [name for name in wanted if found.get(name) != wanted[name]]
    if same_data and not changed and _usable(folder, record):
        return record
    if renew or (same_data and not changed):
        return None
    what = "another dataset file"
    if changed:
        name = changed[0]
        what = f"{name} = {found.get(name)}, now {wanted[name]}"
    raise ConfigError(
        f"{folder}: was trained with {what}; choose another --output, or add "
        "--overwrite to train anew what differs"
    )


def _usable(folder: Path, record: Record) -> bool:
    names = (run_dir.BEST_MODEL, run_dir.LAST_MODEL)
    return record.status == Status.DIVERGED or any(
        (folder / name).is_file() for name in names
    )
