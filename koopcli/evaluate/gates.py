"""Conditions under which an evaluation has failed: `nrmse@100>0.3` and the like.

    condition = metric [ "[" quantity "]" ] [ "@" horizon ] op number
    op        = ">" | ">=" | "<" | "<="

A condition is checked for every run, never for a baseline. A value that is not there (null)
fulfils every condition: what cannot be judged has not passed.
"""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from koopcli.errors import ConfigError
from koopcli.evaluate import measures
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import OBSERVATIONS, EvalReport

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
AT_HORIZON = (
    *measures.NAMES,
    *("skill_persistence", "skill_linear", "nrmse_episodes"),
    *("sum_rmse", "sum_nrmse", "sum_mae"),
)
OVERALL = (
    "mean_nmse",
    "divergence_rate",
    "valid_steps",
    "valid_seconds",
    "valid_lyapunov_times",
)
LONG_RUN = ("d_stsp", "d_h")
"""One number per run too, if `long_run` was asked for."""
_GRAMMAR = re.compile(
    r"\s*(?P<metric>\w+)\s*(?:\[(?P<quantity>.+)\])?\s*(?:@\s*(?P<horizon>\d+))?"
    r"\s*(?P<op>>=|<=|>|<)\s*(?P<number>\S+)\s*"
)


@dataclass(frozen=True)
class Gate:
    """One condition.

    Attributes:
        text: As it was given.
        metric: A field of a row, or of a summary.
        quantity: Which rows; None for a summary.
        horizon: Steps ahead; None for a summary.
        op: How to compare.
        number: With what.
    """

    text: str
    metric: str
    quantity: str | None
    horizon: int | None
    op: str
    number: float

    def fulfilled(self, value: float) -> bool:
        """Whether `value` fails the evaluation."""
        return not math.isfinite(value) or OPERATORS[self.op](value, self.number)


def parse(text: str) -> Gate:
    """Read one condition.

    Raises:
        ConfigError: It does not follow the grammar.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise ConfigError(
            f"--fail-if {text!r}: expected METRIC[QUANTITY]@HORIZON, one of > >= < <=, "
            "and a number, such as 'nrmse@100>0.3' or 'divergence_rate>0'"
        )
    metric, quantity, horizon = match["metric"], match["quantity"], match["horizon"]
    number = _number(text, match["number"])
    if metric in OVERALL + LONG_RUN:
        if quantity or horizon:
            raise ConfigError(
                f"--fail-if {text!r}: {metric} is one number per run; omit @HORIZON and "
                "[QUANTITY]"
            )
        return Gate(text, metric, None, None, match["op"], number)
    if metric not in AT_HORIZON:
        raise ConfigError(
            f"--fail-if {text!r}: no metric {metric!r}; there are "
            f"{', '.join((*AT_HORIZON, *OVERALL, *LONG_RUN))}"
        )
    if horizon is None:
        raise ConfigError(f"--fail-if {text!r}: say how far ahead, as in {metric}@100")
    return Gate(
        text, metric, quantity or OBSERVATIONS, int(horizon), match["op"], number
    )


def _number(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(
            f"--fail-if {text!r}: {number!r} is no number to compare with"
        )
    return value


def check_horizons(gates: Sequence[Gate], horizons: Sequence[int]) -> None:
    """Stop before any work if a gate asks for what will not be measured.

    Raises:
        ConfigError: Its horizon is not among `horizons`.
    """
    for gate in gates:
        if gate.horizon is not None and gate.horizon not in horizons:
            raise ConfigError(
                f"--fail-if {gate.text!r}: {gate.horizon} is not among the horizons "
                f"{', '.join(map(str, horizons))}; add it to --horizons"
            )


def check_long_run(gates: Sequence[Gate], *, asked: bool) -> None:
    """Stop before any work if a gate asks for long-run statistics and nobody else does.

    Raises:
        ConfigError: It does.
    """
    for gate in gates:
        if gate.metric in LONG_RUN and not asked:
            raise ConfigError(f"--fail-if {gate.text!r}: add --long-run")


def failures(gates: Sequence[Gate], report: EvalReport) -> list[str]:
    """Return one sentence per condition and run that it fails."""
    return [
        f"{label(run, model)}: {gate.metric}{_place(gate)} is {value:.4g}, and "
        f"--fail-if {gate.text!r} holds"
        for gate in gates
        for run, model, value in _values(gate, report)
        if gate.fulfilled(value)
    ]


def _values(gate: Gate, report: EvalReport) -> list[tuple[str | None, str, float]]:
    runs = [(s.run, s.model) for s in report.summaries if s.run is not None]
    if gate.metric in LONG_RUN:
        found = {
            row["run"]: float(row[gate.metric])
            for row in report.more.get("long_run", ())
            if (row["episode"], row["quantity"]) == (None, OBSERVATIONS)
        }
    elif gate.horizon is None:
        found = {s.run: float(getattr(s, gate.metric)) for s in report.summaries}
    else:
        found = {
            row.run: float(getattr(row, gate.metric))
            for row in report.rows
            if (row.quantity, row.horizon) == (gate.quantity, gate.horizon)
        }
    # A row may be missing: horizons are clipped to the data, and rewards can be absent.
    return [(run, model, found.get(run, math.nan)) for run, model in runs]


def _place(gate: Gate) -> str:
    if gate.horizon is None:
        return ""
    quantity = "" if gate.quantity == OBSERVATIONS else f"[{gate.quantity}]"
    return f"{quantity}@{gate.horizon}"
