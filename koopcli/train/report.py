"""What the training loop says while it runs, and who may listen."""

import csv
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from koopcli import run_dir


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """The state of a run after a call of the device.

    Attributes:
        step: Gradient steps taken.
        steps: Gradient steps planned.
        seconds: Since the start of training, compilation included.
        steps_per_second: Over the last call; the first one includes compilation.
        eta_seconds: Until the end at that rate.
        losses: Mean of each term over the last call, standard units.
        validation: `nmse` and `nrmse` over the horizon, `nrmse_last` at its end, ...;
            None where no validation was due.
    """

    step: int
    steps: int
    seconds: float
    steps_per_second: float
    eta_seconds: float
    losses: dict[str, float]
    validation: dict[str, float] | None = None

    def row(self) -> dict[str, float | int | None]:
        """Return one flat record; terms and validation get a prefix."""
        flat: dict[str, float | int | None] = {
            "step": self.step,
            "seconds": round(self.seconds, 3),
            "steps_per_second": round(self.steps_per_second, 3),
        }
        flat |= {f"train_{name}": value for name, value in self.losses.items()}
        flat |= {
            f"val_{name}": value for name, value in (self.validation or {}).items()
        }
        return {key: _plain(value) for key, value in flat.items()}


Reporter = Callable[[StepReport], None]


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """How a run ended.

    Attributes:
        run: Its folder.
        steps: Gradient steps taken.
        best_step: The one after which the best model was stored.
        best_validation: Its mean squared error, standard units; None without validation.
        seconds: Since the start of training, compilation included.
        parameters: Number of trained ones.
        reencode_every: Steps between re-encodings in rollouts; 0 never.
        stopped_early: Whether validation stopped improving.
        warnings: What somebody should know before using the model.
    """

    run: Path
    steps: int
    best_step: int
    best_validation: float | None
    seconds: float
    parameters: int
    reencode_every: int
    stopped_early: bool
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self) | {"run": str(self.run), "warnings": list(self.warnings)}


def metrics_files(run: Path, columns: list[str]) -> Reporter:
    """Return a reporter that appends to `metrics.jsonl` and `metrics.csv` in `run`.

    The CSV has a header and always the same columns; what was not measured at a step is
    empty there and absent in JSONL.
    """
    with open(run / run_dir.METRICS_CSV, "w", newline="") as file:
        csv.DictWriter(file, columns).writeheader()

    def report(record: StepReport) -> None:
        row = record.row()
        with open(run / run_dir.METRICS_JSONL, "a") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")
        with open(run / run_dir.METRICS_CSV, "a", newline="") as file:
            csv.DictWriter(file, columns, restval="").writerow(row)

    return report


def tee(*reporters: Reporter) -> Reporter:
    """Return a reporter that tells each of `reporters`."""

    def report(record: StepReport) -> None:
        for reporter in reporters:
            reporter(record)

    return report


def _plain(value: float | int | None) -> float | int | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value
