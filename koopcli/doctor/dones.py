"""Ends of episodes that are marked wrongly."""

from collections import Counter

from koopcli.doctor.finding import Finding, Severity
from koopcli.doctor.thresholds import PLACES
from koopcli.doctor.view import View


def check(view: View) -> list[Finding]:
    """Find ends inside episodes, time-outs marked as terminations, and double marks."""
    return [*_early(view), *_time_outs(view), *_both(view)]


def _early(view: View) -> list[Finding]:
    found = [
        (number, episode.early_end)
        for number, episode in enumerate(view.survey.episodes)
        if episode.early_end is not None
    ]
    if not found:
        return []
    return [
        Finding(
            check="dones",
            severity=Severity.ERROR,
            what=f"{len(found)} episodes go on after a step that is marked as their end",
            advice="split the episodes there, or repair the marks: a model learns steps "
            "across a reset",
            count=len(found),
            places=tuple(view.place(number, step) for number, step in found[:PLACES]),
        )
    ]


def _time_outs(view: View) -> list[Finding]:
    episodes = view.survey.episodes
    lengths = Counter(episode.steps for episode in episodes)
    longest = max(lengths, default=0)
    # A time limit shows as the one length that no episode exceeds and most reach.
    if lengths[longest] < 2 or lengths[longest] < max(lengths.values()):
        return []
    wrong = [
        number
        for number, episode in enumerate(episodes)
        if episode.terminated and episode.steps == longest
    ]
    if not wrong:
        return []
    return [
        Finding(
            check="dones",
            severity=Severity.WARNING,
            what=f"{len(wrong)} terminations at the common maximum length of {longest} "
            "steps look like time-outs",
            advice="mark them as truncations (--timeout-col, --max-episode-steps): the "
            "system did not end there, the recording did",
            count=len(wrong),
            places=tuple(view.place(number, longest - 1) for number in wrong[:PLACES]),
        )
    ]


def _both(view: View) -> list[Finding]:
    both = [
        number
        for number, episode in enumerate(view.survey.episodes)
        if episode.terminated and episode.truncated
    ]
    if not both:
        return []
    return [
        Finding(
            check="dones",
            severity=Severity.REMARK,
            what=f"{len(both)} episodes end in a termination and a truncation at once",
            advice="check which of the two it was; koopcli counts both",
            count=len(both),
            places=tuple(
                view.place(number, view.survey.episodes[number].steps - 1)
                for number in both[:PLACES]
            ),
        )
    ]
