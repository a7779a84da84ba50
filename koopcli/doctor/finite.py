"""NaN and infinity, and numbers that float32 cannot hold."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from koopcli.data.episode import Episode
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.survey import usable
from koopcli.doctor.thresholds import PLACES
from koopcli.doctor.view import View

REWARD = "reward"


def check(view: View) -> list[Finding]:
    """Find values that are not finite; the data is only read again if there are any."""
    if view.survey.finite:
        return []
    count, places = 0, list[Place]()
    for number, episode in enumerate(view.episodes()):
        bad = list(_bad(episode, view.column_names))
        count += len(bad)
        places += [
            view.place(number, step, column)
            for step, column in islice(bad, PLACES - len(places))
        ]
    return [_finding(count, tuple(places))]


def _bad(episode: Episode, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    width = episode.observations.shape[1]
    arrays = [(episode.observations, names), (episode.actions, names[width:])]
    if episode.rewards is not None:
        arrays.append((episode.rewards[:, None], (REWARD,)))
    for values, columns in arrays:
        for step, column in np.argwhere(~usable(values)).tolist():
            yield step, columns[column]


def _finding(count: int, places: tuple[Place, ...]) -> Finding:
    columns = ", ".join(dict.fromkeys(str(place.column) for place in places))
    return Finding(
        check="finite",
        severity=Severity.ERROR,
        what=f"{count} values are NaN, infinite or beyond float32 ({columns})",
        advice="remove or repair these steps, or cut the episode there; ingest and "
        "training refuse them",
        count=count,
        places=places,
    )
