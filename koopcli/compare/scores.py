"""The result of a comparison: errors of each run, their spread over seeds, the order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from koopcli.compare.record import Record, Status
from koopcli.evaluate.report import OBSERVATIONS, REWARDS, Curve, EvalReport, Summary

SLACK = 0.2
"""Share by which training may miss a budget of time without a warning."""
SPANS = (100, 300)
"""Steps over which the mean errors are taken, where there are so many."""


class Measure(NamedTuple):
    """One column of errors.

    Attributes:
        quantity: `observations` or `rewards`.
        name: `nrmse`, that many steps ahead, or `mean_nmse`, the mean of nrmse² over
            the first steps.
        steps: How many.
    """

    quantity: str
    name: str
    steps: int


@dataclass(frozen=True)
class Score:
    """One run, or a baseline.

    Attributes:
        name: Name of the run folder, or of the baseline.
        model: Kind of model, `persistence` or `linear`.
        record: How training went; None for a baseline.
        errors: Every measure; empty if training diverged.
        divergence_rate: Share of the rollouts that diverged; None likewise.
        curves: NRMSE at every step ahead, by quantity.
    """

    name: str
    model: str
    record: Record | None
    errors: dict[Measure, float]
    divergence_rate: float | None
    curves: dict[str, Float[np.ndarray, " time"]]


class Spread(NamedTuple):
    """Mean and sample standard deviation over seeds; None for a single one."""

    mean: float
    std: float | None


@dataclass(frozen=True)
class Group:
    """All runs of one model; a baseline is a group of one."""

    model: str
    scores: tuple[Score, ...]

    @property
    def finished(self) -> tuple[Score, ...]:
        """Those whose training did not diverge."""
        return tuple(score for score in self.scores if score.errors)

    @property
    def complete(self) -> bool:
        """Whether no training diverged; only then is the group ranked."""
        return len(self.finished) == len(self.scores)

    def error(self, measure: Measure) -> Spread | None:
        """Return one measure over the finished runs; None if they lack it."""
        return spread([s.errors[measure] for s in self.finished if measure in s.errors])

    @property
    def divergence_rate(self) -> Spread | None:
        """Share of diverged rollouts over the finished runs."""
        rates = [score.divergence_rate for score in self.finished]
        return spread([rate for rate in rates if rate is not None])

    def cost(self, name: str) -> Spread | None:
        """Return a number of the records (`steps`, ...) over the finished runs."""
        records = [s.record for s in self.finished if s.record is not None]
        values = [getattr(record, name) for record in records]
        return spread([value for value in values if value is not None])


@dataclass(frozen=True)
class Comparison:
    """Everything a comparison found.

    Attributes:
        request: What was asked for.
        protocol: How it was evaluated, as `koopcli eval` says it.
        groups: Models in the order of the request, then the baselines.
        measures: The columns.
        warnings: What looks wrong.
    """

    request: dict[str, Any]
    protocol: dict[str, Any]
    groups: tuple[Group, ...]
    measures: tuple[Measure, ...]
    warnings: tuple[str, ...]

    def ranking(self, measure: Measure) -> list[Group]:
        """Return the complete groups that have a finite error, best first."""
        errors = [(group.error(measure), group) for group in self.groups]
        ranked = [
            (error.mean, group)
            for error, group in errors
            if error is not None and group.complete and math.isfinite(error.mean)
        ]
        return [group for _, group in sorted(ranked, key=lambda pair: pair[0])]


def spread(values: Sequence[float | int]) -> Spread | None:
    """Return mean and sample standard deviation; None of nothing."""
    if not values:
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        std = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return Spread(float(np.mean(values)), std)


def build(
    request: dict[str, Any], records: Mapping[str, Record], report: EvalReport
) -> Comparison:
    """Join what training and evaluation found.

    Args:
        request: What was asked for.
        records: Every run by its name.
        report: The finished runs, in the order of `records`, then the baselines.
    """
    horizons = report.protocol.horizons
    entries = list(zip(report.summaries, report.curves, strict=True))
    trained = iter(entry for entry in entries if entry[0].run is not None)
    scores = []
    for name, record in records.items():
        if record.status == Status.FINISHED:
            scores.append(_score(name, record, *next(trained), horizons))
        else:
            scores.append(Score(name, record.model, record, {}, None, {}))
    for summary, curve in entries:
        if summary.run is None:
            scores.append(_score(summary.model, None, summary, curve, horizons))
    return Comparison(
        request=request,
        protocol=report.protocol.document(),
        groups=tuple(
            Group(model, tuple(score for score in scores if score.model == model))
            for model in dict.fromkeys(score.model for score in scores)
        ),
        measures=_measures(scores),
        warnings=(
            *report.warnings,
            *_warnings(records, horizons[-1]),
            *_off_budget(records, request["budget"]["seconds"]),
        ),
    )


def _score(
    name: str,
    record: Record | None,
    summary: Summary,
    curve: Curve,
    horizons: tuple[int, ...],
) -> Score:
    curves = {OBSERVATIONS: curve.nrmse}
    if curve.rewards is not None:
        curves[REWARDS] = curve.rewards
    errors = {}
    for quantity, nrmse in curves.items():
        for horizon in horizons:
            errors[Measure(quantity, "nrmse", horizon)] = float(nrmse[horizon - 1])
        for steps in spans(horizons[-1]):
            with np.errstate(over="ignore"):
                mean = float((nrmse[:steps] ** 2).mean())
            errors[Measure(quantity, "mean_nmse", steps)] = mean
    rate = summary.divergence_rate
    model = summary.model if record is None else record.model
    return Score(name, model, record, errors, rate, curves)


def spans(longest: int) -> tuple[int, ...]:
    """Return the spans of the means: `SPANS`, cut to what was evaluated."""
    return tuple(sorted({min(steps, longest) for steps in SPANS}))


def _measures(scores: Sequence[Score]) -> tuple[Measure, ...]:
    return tuple(dict.fromkeys(measure for each in scores for measure in each.errors))


def _warnings(records: Mapping[str, Record], longest: int) -> tuple[str, ...]:
    diverged = tuple(
        f"{name}: diverged in training, so it has no errors; its model is not ranked"
        for name, record in records.items()
        if record.status == Status.DIVERGED
    )
    short = tuple(
        f"there is no mean over {steps} steps: the longest rollout has {longest}"
        for steps in SPANS
        if steps > longest
    )
    return diverged + short


def _off_budget(
    records: Mapping[str, Record], seconds: float | None
) -> tuple[str, ...]:
    if seconds is None:
        return ()
    return tuple(
        f"{name}: training took {record.training_seconds:.3g} s, not the {seconds:g} s "
        "of the budget; was the machine busy with something else?"
        for name, record in records.items()
        if record.status == Status.FINISHED
        and record.steps
        and abs(record.training_seconds / seconds - 1) > SLACK
    )
