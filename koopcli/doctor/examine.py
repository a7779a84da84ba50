"""Runs all checks on a dataset file or on sources."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from koopcli.config.data import IngestConfig
from koopcli.doctor import (
    alignment,
    clock,
    columns,
    copies,
    dones,
    feedback,
    finite,
    jumps,
    lengths,
    limits,
    reader,
    units,
)
from koopcli.doctor.finding import Finding, Severity, worst_first
from koopcli.doctor.opening import open_view
from koopcli.doctor.view import View
from koopcli.errors import DataError

CHECKS: tuple[Callable[[View], list[Finding]], ...] = (
    finite.check,
    dones.check,
    copies.check,
    lengths.short,
    lengths.open_end,
    jumps.check,
    alignment.check,
    clock.check,
    columns.constant,
    columns.offset,
    columns.duplicated,
    limits.outside,
    limits.saturated,
    units.of_episodes,
    units.of_columns,
    feedback.check,
    reader.check,
)


@dataclass(frozen=True)
class Report:
    """All findings, worst first, and what was examined."""

    sources: tuple[str, ...]
    episodes: int
    steps: int
    horizon: int
    findings: tuple[Finding, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of findings of each severity."""
        found = [finding.severity for finding in self.findings]
        return {severity.value: found.count(severity) for severity in Severity}

    def document(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"schema": "koopcli.doctor/1", **asdict(self), "counts": self.counts()}


def examine(sources: Sequence[str], config: IngestConfig, horizon: int) -> Report:
    """Open a dataset file or sources, and look for every kind of fault.

    Args:
        sources: A dataset file, or what `ingest` reads.
        config: How to read the sources.
        horizon: Steps that a model is to be trained on.

    Raises:
        DataError: There is no such file. What is there and cannot be read is a finding.
    """
    try:
        view = open_view(sources, config, horizon)
        facts = view.survey.episodes
    except DataError as error:
        if not all(Path(source).exists() for source in sources):
            raise
        return Report(tuple(sources), 0, 0, horizon, (_unreadable(error),))
    steps = sum(episode.steps for episode in facts)
    found = diagnose(view)
    return Report(tuple(sources), len(facts), steps, horizon, tuple(found))


def diagnose(view: View) -> list[Finding]:
    """Run all checks, worst findings first."""
    if not any(episode.steps for episode in view.survey.episodes):
        return [_unreadable(DataError("there are no steps in this data"))]
    return worst_first(finding for check in CHECKS for finding in check(view))


def _unreadable(error: DataError) -> Finding:
    uneven = "uneven sampling" in str(error)
    return Finding(
        check="dt-jitter" if uneven else "readable",
        severity=Severity.ERROR,
        what=str(error),
        advice="ingest refuses it; nothing else was examined",
    )
