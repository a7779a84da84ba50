"""Whether the action of the next row predicts better than that of the row itself."""

import numpy as np
from jaxtyping import Float

from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Severity
from koopcli.doctor.regression import unexplained
from koopcli.doctor.sample import Sample
from koopcli.doctor.view import View

PERFECT = 1e-6
"""Shares of variance below this are no error: the regularisation is of that size."""


def check(view: View) -> list[Finding]:
    """Compare least squares with actions as stored and shifted by one step.

    In a closed loop the next action tells of the next observation because it follows
    from it, yet the stored action still helps. In shifted data it has nothing to add.
    """
    sample = view.survey.sample
    if sample.rows < thresholds.LEAST_ROWS or not sample.action.shape[1]:
        return []
    stored = _errors(sample, sample.action)
    shifted = _errors(sample, sample.next_action)
    both = _errors(sample, np.concatenate([sample.action, sample.next_action], axis=1))
    better = _ratio(shifted, stored)
    if better >= thresholds.SHIFTED or _ratio(both, shifted) <= thresholds.USELESS:
        return []
    return [
        Finding(
            check="alignment",
            severity=Severity.WARNING,
            what="the action stored one step later predicts the next observation "
            f"better (error {better:.0%} of that with the stored one): off by one",
            advice="ingest again with --action-align lag if a row's action led to its "
            "observation (tables), or shift the actions by one step",
        )
    ]


def _errors(
    sample: Sample, actions: Float[np.ndarray, "row action"]
) -> Float[np.ndarray, " state"]:
    # Two observations stand for velocities that are not observed.
    past = np.concatenate([sample.now, sample.before, actions], axis=1)
    return np.maximum(unexplained(past, sample.after - sample.now), PERFECT)


def _ratio(
    errors: Float[np.ndarray, " state"], others: Float[np.ndarray, " state"]
) -> float:
    return float(np.exp(np.log(errors / others).mean()))
