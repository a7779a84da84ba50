"""All blocks of one scale in one row."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from koopcli.augment.checks import Measured


@dataclass(frozen=True, kw_only=True)
class Checks:
    """Checks of the proposals at one scale.

    Attributes:
        scale: The scale.
        proposals: Blocks that were moved.
        accepted: Share of them that passes.
        shift: Median |s̃ - s| of the accepted, in standard deviations.
        cycle_median: Median cycle error of all proposals.
        cycle_p95: Its 95 % quantile.
        outside: Share of the accepted that leaves the training range somewhere.
        residual_ratio: One-step error of the model on accepted blocks, in that on their
            sources (root mean squares).
        judge_ratio: The same under the judge, which has no say in what is accepted.
        all_residual_ratio: `residual_ratio` of all proposals.
        all_judge_ratio: `judge_ratio` of all proposals.
        action_miss: Median miss of re-labelled actions, of all proposals.
        coverage: See `coverage.gain`.
    """

    scale: float
    proposals: int
    accepted: float
    shift: float
    cycle_median: float
    cycle_p95: float
    outside: float
    residual_ratio: float
    judge_ratio: float | None = None
    all_residual_ratio: float = float("nan")
    all_judge_ratio: float | None = None
    action_miss: float = 0.0
    coverage: float = float("nan")

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types; what is not a finite number is None."""
        return {
            name: value if value is not None and math.isfinite(value) else None
            for name, value in asdict(self).items()
        }


def summarise(
    scale: float,
    measured: Measured,
    accepted: Bool[np.ndarray, " batch"],
    judged: tuple[np.ndarray, np.ndarray] | None,
    coverage: float,
) -> Checks:
    """Put proposals into one row.

    Args:
        scale: Their scale.
        measured: What was measured.
        accepted: Which passed.
        judged: One-step errors of the judge before and after, if there is one.
        coverage: Of the accepted.
    """
    everything = np.ones_like(accepted)
    return Checks(
        scale=scale,
        proposals=len(accepted),
        accepted=float(accepted.mean()),
        shift=_quantile(measured.shift[accepted], 0.5),
        cycle_median=_quantile(measured.cycle, 0.5),
        cycle_p95=_quantile(measured.cycle, 0.95),
        outside=float(measured.outside[accepted].mean()) if accepted.any() else np.nan,
        residual_ratio=ratio(measured.before, measured.after, accepted),
        judge_ratio=None if judged is None else ratio(*judged, accepted),
        all_residual_ratio=ratio(measured.before, measured.after, everything),
        all_judge_ratio=None if judged is None else ratio(*judged, everything),
        action_miss=_quantile(measured.action_miss, 0.5),
        coverage=coverage,
    )


def ratio(
    before: Float[np.ndarray, " batch"],
    after: Float[np.ndarray, " batch"],
    chosen: Bool[np.ndarray, " batch"],
) -> float:
    """Return the root mean square of `after` in that of `before`; NaN of nothing."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        squares = np.sum(after[chosen] ** 2) / np.sum(before[chosen] ** 2)
    return float(np.sqrt(squares))


def _quantile(values: Float[np.ndarray, " _some"], share: float) -> float:
    finite = values[np.isfinite(values)]
    return float(np.quantile(finite, share)) if len(finite) else float("nan")
