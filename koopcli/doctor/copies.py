"""Episodes that are copies of others; across splits, the test is no test."""

from koopcli.doctor.finding import Finding, Severity
from koopcli.doctor.thresholds import PLACES
from koopcli.doctor.view import View


def check(view: View) -> list[Finding]:
    """Find episodes with the same observations and actions as an earlier one."""
    first: dict[bytes, int] = {}
    copies: list[tuple[int, int]] = []
    leaks: list[tuple[int, int]] = []
    episodes = view.survey.episodes
    for number, episode in enumerate(episodes):
        original = first.setdefault(episode.digest, number)
        if original == number or episode.steps == 0:
            continue
        same = episode.split == episodes[original].split
        (copies if same else leaks).append((number, original))
    found = []
    if leaks:
        copy, original = leaks[0]
        found.append(
            Finding(
                check="split-leakage",
                severity=Severity.ERROR,
                what=f"{len(leaks)} episodes have a copy in another split: episode "
                f"{copy} ({episodes[copy].split}) is episode {original} "
                f"({episodes[original].split})",
                advice="remove the copies and ingest again: errors on such a split "
                "measure memory, not prediction",
                count=len(leaks),
                places=tuple(view.place(number) for number, _ in leaks[:PLACES]),
            )
        )
    if copies:
        copy, original = copies[0]
        found.append(
            Finding(
                check="duplicated-episode",
                severity=Severity.WARNING,
                what=f"{len(copies)} episodes are copies of others: episode {copy} is "
                f"episode {original}",
                advice="remove the copies: a new random split would put them on both "
                "sides",
                count=len(copies),
                places=tuple(view.place(number) for number, _ in copies[:PLACES]),
            )
        )
    return found
