"""The result of an evaluation: rows of errors, one summary per model, warnings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from koopcli.evaluate.examples import Example
from koopcli.evaluate.protocol import Protocol

SCHEMA = "koopcli.eval/1"
OBSERVATIONS = "observations"
REWARDS = "rewards"
RETURNS = "returns"
Interval = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """Errors of one model in one quantity, `horizon` steps ahead; NaN if undefined.

    Attributes:
        run: The run as given, or None for a baseline.
        model: `koopman`, `persistence` or `linear`.
        quantity: `observations`, `rewards`, `returns`, or the name of a dimension.
        horizon: Steps ahead.
        mse: Mean squared error.
        rmse: Its root.
        nrmse: Root of the mean squared error in units of the training spread.
        mae: Mean absolute error.
        r2: Share of the variance explained.
        starts: Starts behind the row.
        nmse: `nrmse` squared.
        nmae: Mean absolute error in units of the training spread.
        fit: Fit index, percent.
        vaf: Variance accounted for, percent.
        skill_persistence: 1 - nrmse / that of persistence.
        skill_linear: 1 - nrmse / that of the linear model.
        nrmse_episodes: nrmse if episodes, not starts, weigh alike.
        sum_rmse: Sum of `rmse` over steps 1 to `horizon`.
        sum_nrmse: Sum of `nrmse`.
        sum_mae: Sum of `mae`.
        episodes: Episodes behind the row.
        interval: Confidence interval of each error by its name.
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
    nmse: float
    nmae: float
    fit: float
    vaf: float
    skill_persistence: float
    skill_linear: float
    nrmse_episodes: float
    sum_rmse: float
    sum_nrmse: float
    sum_mae: float
    episodes: int
    interval: dict[str, Interval]


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
        valid_steps: First step whose NRMSE exceeds the threshold; else the last step.
        valid_seconds: The same in seconds.
        valid_lyapunov_times: The same in Lyapunov times; NaN without an exponent.
        valid_to_the_end: Whether the NRMSE never exceeds it.
        interval: Confidence interval of each number by its name.
    """

    run: str | None
    model: str
    mean_nmse: float
    divergence_rate: float
    diverged: int
    starts: int
    valid_steps: int = 0
    valid_seconds: float = np.nan
    valid_lyapunov_times: float = np.nan
    valid_to_the_end: bool = False
    interval: dict[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """NRMSE at every step ahead.

    Attributes:
        label: Name of the model, for people.
        nrmse: Of the observations.
        rewards: Of the rewards; None where the model or the data has none.
        low: Lower end of the interval of `nrmse`; None without intervals.
        high: Upper end.
    """

    label: str
    nrmse: Float[np.ndarray, " time"]
    rewards: Float[np.ndarray, " time"] | None = None
    low: Float[np.ndarray, " time"] | None = None
    high: Float[np.ndarray, " time"] | None = None


@dataclass(frozen=True)
class EvalReport:
    """Everything an evaluation found.

    Attributes:
        protocol: What exactly was measured.
        rows: Errors per model, quantity and horizon.
        summaries: One per model.
        curves: One per model.
        warnings: What looks wrong.
        more: Further tables by the name of their field in the JSON document; each is a
            list of flat rows.
        examples: Rollouts to look at.
        spread: NRMSE of every start at the largest horizon, by label; NaN if unknown.
    """

    protocol: Protocol
    rows: tuple[Row, ...]
    summaries: tuple[Summary, ...]
    curves: tuple[Curve, ...]
    warnings: tuple[str, ...]
    more: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    spread: Mapping[str, Float[np.ndarray, " batch"]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        return {
            "schema": SCHEMA,
            "protocol": self.protocol.document(),
            "results": [asdict(row) for row in self.rows],
            "summary": [asdict(summary) for summary in self.summaries],
            **self.more,
            "warnings": list(self.warnings),
        }
