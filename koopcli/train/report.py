"""What the training loop says while it runs, and who may listen."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


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
        skipped: Steps of the last call whose loss or gradient was not finite.
        validation: `nmse` and `nrmse` over the horizon, `nrmse_last` at its end, ...;
            None where no validation was due.
    """

    step: int
    steps: int
    seconds: float
    steps_per_second: float
    eta_seconds: float
    losses: dict[str, float]
    skipped: tuple[int, ...] = ()
    validation: dict[str, float] | None = None

    def row(self) -> dict[str, float | int | str | None]:
        """Return one flat record; terms and validation get a prefix."""
        flat: dict[str, float | int | str | None] = {
            "step": self.step,
            "seconds": round(self.seconds, 3),
            "steps_per_second": round(self.steps_per_second, 3),
        }
        flat["skipped"] = " ".join(str(step) for step in self.skipped)
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
        skipped: Steps whose loss or gradient was not finite, so that nothing changed.
        seconds_to_first_step: Since the start of training (or of going on with it) until
            the device could begin: mostly compiling. None if there was nothing to do.
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
    skipped: tuple[int, ...] = ()
    seconds_to_first_step: float | None = None
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self) | {"run": str(self.run), "warnings": list(self.warnings)}


def tee(*reporters: Reporter) -> Reporter:
    """Return a reporter that tells each of `reporters`."""

    def report(record: StepReport) -> None:
        for reporter in reporters:
            reporter(record)

    return report


def _plain(value: float | int | str | None) -> float | int | str | None:
    return None if isinstance(value, float) and not math.isfinite(value) else value
