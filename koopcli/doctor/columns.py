"""Columns that say nothing, that lose digits, or that say the same as another one."""

import numpy as np
from jaxtyping import Float

from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.view import View


def constant(view: View) -> list[Finding]:
    """Find columns that never change, or hardly ever."""
    found, survey = [], view.survey
    for i in np.flatnonzero(survey.columns.constant & (survey.columns.count > 0)):
        found.append(
            _finding(
                view.column_names[i],
                "constant",
                Severity.WARNING,
                f"is always {survey.columns.mean[i]:g}",
                "leave it out, or record what makes it change: nothing can be learnt "
                "from it",
            )
        )
    rows = _rows(view)
    if len(rows) < thresholds.LEAST_ROWS:
        return found
    same = (rows == np.median(rows, axis=0)[None]).mean(axis=0)
    for i in np.flatnonzero((same >= thresholds.SAME_VALUE) & ~survey.columns.constant):
        found.append(
            _finding(
                view.column_names[i],
                "near-constant",
                Severity.REMARK,
                f"has one value in {same[i]:.1%} of the steps",
                "check that it is meant to be so; too few changes to learn from",
            )
        )
    return found


def offset(view: View) -> list[Finding]:
    """Find columns that vary little around a large value, which float32 cannot hold."""
    columns = view.survey.columns
    size = np.maximum(np.abs(columns.min), np.abs(columns.max))
    little = ~columns.constant & (columns.std < thresholds.NEAR_CONSTANT * size)
    return [
        _finding(
            view.column_names[i],
            "near-constant",
            Severity.WARNING,
            f"varies by {columns.std[i]:.2g} around {columns.mean[i]:.6g}",
            "subtract the offset before ingest: float32 loses the digits that vary",
        )
        for i in np.flatnonzero(little)
    ]


def duplicated(view: View) -> list[Finding]:
    """Find columns that equal another one, or are a multiple of it plus an offset."""
    rows, columns = _rows(view), view.survey.columns
    if len(rows) < thresholds.LEAST_ROWS:
        return []
    spread = rows.std(axis=0)
    varying = np.flatnonzero(~columns.constant & (spread > 0))
    scaled = (rows[:, varying] - rows[:, varying].mean(axis=0)) / spread[varying]
    correlation = scaled.T @ scaled / len(rows)
    found = []
    for a, b in np.argwhere(1 - np.abs(correlation) < thresholds.PROPORTIONAL).tolist():
        if a >= b:
            continue
        first, second = varying[a], varying[b]
        equal = np.array_equal(rows[:, first], rows[:, second])
        relation = "equals" if equal else "is a multiple (plus an offset) of"
        found.append(
            _finding(
                view.column_names[second],
                "duplicated-column",
                Severity.WARNING if equal else Severity.REMARK,
                f"{relation} {view.column_names[first]!r}",
                "leave one of the two out",
            )
        )
    return found


def _rows(view: View) -> Float[np.ndarray, "row column"]:
    sample = view.survey.sample
    return np.concatenate([sample.now, sample.action], axis=1)


def _finding(
    column: str, check: str, severity: Severity, what: str, advice: str
) -> Finding:
    return Finding(
        check=check,
        severity=severity,
        what=f"column {column!r} {what}",
        advice=advice,
        places=(Place(column=column),),
    )
