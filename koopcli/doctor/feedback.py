"""Actions that follow from the observation: the data was recorded in a closed loop."""

import numpy as np

from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.regression import unexplained
from koopcli.doctor.view import View


def check(view: View) -> list[Finding]:
    """Find action columns that are a smooth function of the observation."""
    sample = view.survey.sample
    if sample.rows < thresholds.LEAST_ROWS:
        return []
    share = 1 - unexplained(sample.now, sample.action, smooth=True)
    columns = np.flatnonzero(share >= thresholds.FEEDBACK)
    if not len(columns):
        return []
    names = [view.action_names[i] for i in columns]
    return [
        Finding(
            check="closed-loop",
            severity=Severity.REMARK,
            what="the observation explains the actions: "
            + ", ".join(
                f"{name} {share[i]:.0%}" for name, i in zip(names, columns, strict=True)
            ),
            advice="data of a controller (or a policy without noise) cannot tell the "
            "effect of an action from that of the state: add excitation, or judge the "
            "model under this controller only",
            count=len(columns),
            places=tuple(Place(column=name) for name in names),
        )
    ]
