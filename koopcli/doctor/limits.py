"""Actions outside the box that they should lie in, and actions that rest at its bounds."""

import numpy as np

from koopcli.data.environments import named_in
from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.view import View


def outside(view: View) -> list[Finding]:
    """Find actions beyond [-1, 1] where that is, or looks like, their box."""
    actions = view.survey.sample.action
    environment = named_in(view.dt_source)
    boxed = environment.split("-")[0] in thresholds.UNIT_BOX
    edge = 1 + thresholds.BOX_ROUNDING
    inside = (np.abs(actions) <= edge).mean() if actions.size else 0.0
    if not boxed and inside < thresholds.MOSTLY_INSIDE:
        return []
    count, total, places = 0, 0, list[Place]()
    for number, episode in enumerate(view.episodes()):
        beyond = np.abs(episode.actions) > edge
        total += beyond.size
        count += int(beyond.sum())
        for step, column in np.argwhere(beyond).tolist()[: _room(places)]:
            places.append(view.place(number, step, view.action_names[column]))
    if not count:
        return []
    clipped = bool((np.abs(np.abs(actions) - 1) <= thresholds.BOX_ROUNDING).any())
    why = f"the box of {environment}" if boxed else "where all others are"
    return [
        Finding(
            check="action-outside-box",
            severity=Severity.WARNING if boxed or clipped else Severity.REMARK,
            what=f"{count} of {total} action values lie outside [-1, 1], {why}",
            advice="if the system clips its actions, clip them in the data too: what is "
            "recorded is not what acted",
            count=count,
            places=tuple(places),
        )
    ]


def _room(places: list[Place]) -> int:
    return thresholds.PLACES - len(places)


def saturated(view: View) -> list[Finding]:
    """Find action columns that are at one of their bounds most of the time."""
    actions = view.survey.sample.action
    if len(actions) < thresholds.LEAST_ROWS:
        return []
    at_bound = (actions == actions.min(axis=0)[None]) | (
        actions == actions.max(axis=0)[None]
    )
    share = at_bound.mean(axis=0)
    columns = [
        i
        for i in np.flatnonzero(share >= thresholds.SATURATED).tolist()
        if len(np.unique(actions[:, i])) > thresholds.FEW_VALUES
    ]
    if not columns:
        return []
    names = [view.action_names[i] for i in columns]
    return [
        Finding(
            check="action-saturated",
            severity=Severity.REMARK,
            what="actions at a bound most of the time: "
            + ", ".join(
                f"{name} {share[i]:.0%}" for name, i in zip(names, columns, strict=True)
            ),
            advice="more varied actions teach a model more; if a controller asked for "
            "more than was applied, record what was applied",
            count=len(columns),
            places=tuple(Place(column=name) for name in names),
        )
    ]
