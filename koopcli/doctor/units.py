"""Sizes that differ by orders of magnitude, as degrees differ from radians."""

import numpy as np

from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.view import View


def of_episodes(view: View) -> list[Finding]:
    """Find episodes in which a column is much larger than in most others.

    Much smaller proves nothing: the system may have been at rest.
    """
    episodes = view.survey.episodes
    if len(episodes) < thresholds.UNIT_EPISODES:
        return []
    sizes = np.stack([episode.size for episode in episodes])
    usual = np.median(sizes, axis=0)
    ratio = np.where(usual > 0, sizes / np.where(usual > 0, usual, 1.0), 0.0)
    found = []
    for column in np.flatnonzero((ratio > thresholds.UNIT_RATIO).any(axis=0)).tolist():
        name = view.observation_names[column]
        odd = np.flatnonzero(ratio[:, column] > thresholds.UNIT_RATIO).tolist()
        found.append(
            Finding(
                check="units",
                severity=Severity.WARNING,
                what=f"{name!r} is up to {ratio[:, column].max():.0f} times larger in "
                f"{len(odd)} of {len(episodes)} episodes than in most: other units?",
                advice="convert these episodes to the units of the others (degrees are "
                "57 times radians), or leave them out if the system diverged",
                count=len(odd),
                places=tuple(
                    view.place(number, column=name)
                    for number in odd[: thresholds.PLACES]
                ),
            )
        )
    return found


def of_columns(view: View) -> list[Finding]:
    """Find observation columns whose spreads differ by many orders of magnitude."""
    width = len(view.observation_names)
    columns = view.survey.columns
    spread = np.where(columns.constant, np.nan, columns.std)[:width]
    if np.isfinite(spread).sum() < 2:
        return []
    largest, smallest = int(np.nanargmax(spread)), int(np.nanargmin(spread))
    ratio = spread[largest] / spread[smallest]
    if ratio < thresholds.COLUMN_RATIO:
        return []
    names = [view.observation_names[i] for i in (largest, smallest)]
    return [
        Finding(
            check="units",
            severity=Severity.REMARK,
            what=f"{names[0]!r} varies {ratio:.1g} times as much as {names[1]!r}: "
            "strange units?",
            advice="training normalises every column, so this is harmless if both "
            "carry information; check the units",
            places=tuple(Place(column=name) for name in names),
        )
    ]
