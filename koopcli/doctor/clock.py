"""A clock among the observations, and whether it ticks evenly."""

import numpy as np

from koopcli.data import timing
from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.view import View

STEADY = 0.9
"""Share of the steps in which a clock shows its usual time step."""


def check(view: View) -> list[Finding]:
    """Find observation columns that rise by the same amount at (nearly) every step."""
    sample = view.survey.sample
    if sample.rows < thresholds.LEAST_ROWS:
        return []
    change = sample.after - sample.now
    usual = np.median(change, axis=0)
    steady = np.abs(change - usual[None]) <= timing.JITTER * np.abs(usual)[None]
    clocks = (usual > 0) & (steady.mean(axis=0) >= STEADY)
    found = []
    for column in np.flatnonzero(clocks).tolist():
        name = view.observation_names[column]
        found.append(
            Finding(
                check="clock",
                severity=Severity.WARNING,
                what=f"observation {name!r} is a clock: it rises by {usual[column]:g} "
                "at every step",
                advice="leave it out (or name it --time-col): a model cannot predict "
                "beyond the times that it has seen",
                places=(Place(column=name),),
            )
        )
        found += _jitter(view, column, float(usual[column]))
    return found


def _jitter(view: View, column: int, usual: float) -> list[Finding]:
    name, count = view.observation_names[column], 0
    places: list[Place] = []
    for number, episode in enumerate(view.episodes()):
        times = episode.observations[:, column].astype(np.float64)
        uneven = np.abs(np.diff(times) - usual) > timing.JITTER * usual
        steps = np.flatnonzero(uneven).tolist()
        count += len(steps)
        room = thresholds.PLACES - len(places)
        places += [view.place(number, step + 1, name) for step in steps[:room]]
    if not count:
        return []
    return [
        Finding(
            check="dt-jitter",
            severity=Severity.WARNING,
            what=f"{count} time steps of {name!r} deviate from {usual:g} by more than "
            f"{timing.JITTER:.0%}",
            advice="name it as --time-col and give --resample DT to interpolate",
            count=count,
            places=tuple(places),
        )
    ]
