"""What a check found: how bad, where, what it is, and what to do about it."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Severity(enum.StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    REMARK = "remark"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is; what does not apply is None.

    Attributes:
        episode: Number from 0, in the order of the data.
        step: Number from 0 within the episode; for an observation, its row.
        column: Name of the column.
        source: Where the episode came from.
    """

    episode: int | None = None
    step: int | None = None
    column: str | None = None
    source: str | None = None

    def __str__(self) -> str:
        parts = {"episode": self.episode, "step": self.step, "column": self.column}
        words = [
            f"{name} {value}" for name, value in parts.items() if value is not None
        ]
        return ", ".join(words)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault, or one fact that its owner should hear about.

    Attributes:
        check: Name of the check.
        severity: How bad it is.
        what: What was found, in one sentence.
        advice: What to do.
        count: How often.
        places: Where, the first ones.
    """

    check: str
    severity: Severity
    what: str
    advice: str
    count: int = 1
    places: tuple[Place, ...] = ()


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity; findings of one severity keep their order."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))
