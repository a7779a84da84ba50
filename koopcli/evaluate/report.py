"""The result of an evaluation: rows of errors, one summary per model, warnings."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from koopcli.evaluate.metrics import Scores
from koopcli.evaluate.protocol import Protocol

SCHEMA = "koopcli.eval/1"
OBSERVATIONS = "observations"
REWARDS = "rewards"


@dataclass(frozen=True)
class Row:
    """Errors of one model in one quantity, `horizon` steps ahead; NaN if undefined.

    Attributes:
        run: The run as given, or None for a baseline.
        model: `koopman`, `persistence` or `linear`.
        quantity: `observations`, `rewards`, or the name of a dimension.
        horizon: Steps ahead.
        mse: Mean squared error.
        rmse: Its root.
        nrmse: Root of the mean squared error in units of the training spread.
        mae: Mean absolute error.
        r2: Share of the variance explained.
        starts: Starts behind the row.
    """

    run: str | None
    model: str
    quantity: str
    horizon: int
    mse: float
    rmse: float
    nrmse: float
    mae: float
    r2: float
    starts: int


@dataclass(frozen=True)
class Summary:
    """One model over the whole horizon.

    Attributes:
        run: The run as given, or None for a baseline.
        model: `koopman`, `persistence` or `linear`.
        mean_nmse: Mean of the squared NRMSE over steps 1 to the largest horizon.
        divergence_rate: Share of the rollouts that diverged.
        diverged: Their number.
        starts: Number of rollouts.
    """

    run: str | None
    model: str
    mean_nmse: float
    divergence_rate: float
    diverged: int
    starts: int


@dataclass(frozen=True)
class Curve:
    """NRMSE of the observations at every step ahead, for the picture."""

    label: str
    nrmse: Float[np.ndarray, " time"]


@dataclass(frozen=True)
class EvalReport:
    """Everything an evaluation found."""

    protocol: Protocol
    rows: tuple[Row, ...]
    summaries: tuple[Summary, ...]
    curves: tuple[Curve, ...]
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        return {
            "schema": SCHEMA,
            "protocol": self.protocol.document(),
            "results": [asdict(row) for row in self.rows],
            "summary": [asdict(summary) for summary in self.summaries],
            "warnings": list(self.warnings),
        }


def label(run: str | None, model: str) -> str:
    """Name a model for people: baselines by kind, runs by their path."""
    return model if run is None else f"{model} ({run})"


def rows_of(
    owner: tuple[str | None, str],
    quantities: tuple[str, ...],
    scores: Scores,
    horizons: tuple[int, ...],
) -> list[Row]:
    """Pick the reported horizons; `quantities` names the columns of `scores`."""
    run, model = owner
    return [
        Row(
            run=run,
            model=model,
            quantity=quantity,
            horizon=horizon,
            mse=float(scores.mse[horizon - 1, column]),
            rmse=float(scores.rmse[horizon - 1, column]),
            nrmse=float(scores.nrmse[horizon - 1, column]),
            mae=float(scores.mae[horizon - 1, column]),
            r2=float(scores.r2[horizon - 1, column]),
            starts=int(scores.starts[horizon - 1]),
        )
        for column, quantity in enumerate(quantities)
        for horizon in horizons
    ]
