"""The result of an evaluation: rows of errors, one summary per model, warnings."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from koopcli.data.statistics import Statistics
from koopcli.data.store import Dataset
from koopcli.evaluate import metrics
from koopcli.evaluate.metrics import Scores
from koopcli.evaluate.protocol import Protocol
from koopcli.evaluate.tally import Entrant, Tally

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
    """NRMSE at every step ahead.

    Attributes:
        label: Name of the model, for people.
        nrmse: Of the observations.
        rewards: Of the rewards; None where the model or the data has none.
    """

    label: str
    nrmse: Float[np.ndarray, " time"]
    rewards: Float[np.ndarray, " time"] | None = None


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


def build(
    protocol: Protocol,
    dataset: Dataset,
    scored: Sequence[tuple[Entrant, Tally]],
    warnings: tuple[str, ...] = (),
) -> EvalReport:
    """Turn tallies into rows: every model, every quantity, every horizon."""
    statistics, names = dataset.output_statistics, dataset.output_names
    return EvalReport(
        protocol=protocol,
        rows=tuple(
            row
            for entrant, tally in scored
            for row in _rows(entrant, tally, (names, statistics), protocol.horizons)
        ),
        summaries=tuple(_summary(*pair, statistics) for pair in scored),
        curves=tuple(_curve(*pair, statistics) for pair in scored),
        warnings=warnings + tuple(text for pair in scored for text in _broken(*pair)),
    )


def _overall(tally: Tally, statistics: Statistics) -> Scores:
    return metrics.overall(tally.observations, statistics.observations.scale)


def _rewards(tally: Tally, statistics: Statistics) -> Scores | None:
    if tally.rewards is None or statistics.rewards is None:
        return None
    return metrics.per_dimension(tally.rewards, statistics.rewards.scale)


def _curve(entrant: Entrant, tally: Tally, statistics: Statistics) -> Curve:
    rewards = _rewards(tally, statistics)
    return Curve(
        label(entrant.run, entrant.model),
        _overall(tally, statistics).nrmse[:, 0],
        None if rewards is None else rewards.nrmse[:, 0],
    )


def _rows(
    entrant: Entrant,
    tally: Tally,
    of: tuple[tuple[str, ...], Statistics],
    horizons: tuple[int, ...],
) -> list[Row]:
    names, statistics = of
    each = metrics.per_dimension(tally.observations, statistics.observations.scale)
    tables = [((OBSERVATIONS,), _overall(tally, statistics))]
    rewards = _rewards(tally, statistics)
    if rewards is not None:
        tables.append(((REWARDS,), rewards))
    return [
        _row(entrant, quantity, horizon, (scores, column))
        for quantities, scores in [*tables, (names, each)]
        for column, quantity in enumerate(quantities)
        for horizon in horizons
    ]


def _row(
    entrant: Entrant, quantity: str, horizon: int, cell: tuple[Scores, int]
) -> Row:
    scores, column = cell
    at = (horizon - 1, column)
    return Row(
        run=entrant.run,
        model=entrant.model,
        quantity=quantity,
        horizon=horizon,
        mse=float(scores.mse[at]),
        rmse=float(scores.rmse[at]),
        nrmse=float(scores.nrmse[at]),
        mae=float(scores.mae[at]),
        r2=float(scores.r2[at]),
        starts=int(scores.starts[horizon - 1]),
    )


def _summary(entrant: Entrant, tally: Tally, statistics: Statistics) -> Summary:
    # Every start has at least one step, so the first row counts all of them.
    starts = int(tally.observations.count[0])
    return Summary(
        run=entrant.run,
        model=entrant.model,
        mean_nmse=float((_overall(tally, statistics).nrmse ** 2).mean()),
        divergence_rate=tally.diverged / starts,
        diverged=tally.diverged,
        starts=starts,
    )


def _broken(entrant: Entrant, tally: Tally) -> list[str]:
    sums = tally.observations
    warnings = []
    if tally.broken:
        first = int(np.flatnonzero(sums.nonfinite)[0]) + 1
        warnings.append(
            f"{label(entrant.run, entrant.model)}: {tally.broken} of {sums.count[0]} "
            f"rollouts became NaN or infinite, the first at step {first}; the errors "
            "of the horizons they reach are null"
        )
    if tally.rewards is not None and tally.rewards.nonfinite.any():
        worst = int(tally.rewards.nonfinite.max())
        warnings.append(
            f"{label(entrant.run, entrant.model)}: up to {worst} predicted rewards per "
            "step are NaN or infinite; the errors of those horizons are null"
        )
    return warnings
