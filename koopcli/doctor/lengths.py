"""Episodes shorter than the horizon, into which no training window fits."""

from koopcli.doctor.finding import Finding, Severity
from koopcli.doctor.thresholds import OPEN_ENDS, PLACES
from koopcli.doctor.view import View


def short(view: View) -> list[Finding]:
    """Find episodes with fewer steps of known result than the horizon."""
    episodes = view.survey.episodes
    found = [n for n, e in enumerate(episodes) if e.transitions < view.horizon]
    if not found:
        return []
    steps = sum(episode.transitions for episode in episodes)
    lost = sum(episodes[number].transitions for number in found)
    if len(found) == len(episodes):
        severity = Severity.ERROR
    else:
        severity = Severity.WARNING if 2 * lost > steps else Severity.REMARK
    longest = max(episode.transitions for episode in episodes)
    return [
        Finding(
            check="short-episode",
            severity=severity,
            what=f"{len(found)} of {len(episodes)} episodes ({lost} of {steps} steps) "
            f"are shorter than the horizon of {view.horizon}: training leaves them out",
            advice=f"train with a smaller --horizon (the longest episode has {longest} "
            "steps), or record longer episodes",
            count=len(found),
            places=tuple(view.place(number) for number in found[:PLACES]),
        )
    ]


def open_end(view: View) -> list[Finding]:
    """Find episodes whose last action leads to an observation that nobody recorded."""
    episodes = view.survey.episodes
    found = [n for n, e in enumerate(episodes) if 0 < e.steps != e.transitions]
    if len(found) <= OPEN_ENDS * sum(episode.steps for episode in episodes):
        return []
    return [
        Finding(
            check="open-end",
            severity=Severity.REMARK,
            what=f"the observation after the last action is unknown in {len(found)} of "
            f"{len(episodes)} episodes",
            advice="record it (next_observations, or one more row): until then the last "
            "step of each of them, which often is its termination, cannot be learnt",
            count=len(found),
            places=tuple(view.place(number) for number in found[:PLACES]),
        )
    ]
