"""What a reader noticed by itself, sorted by what it means."""

from koopcli.data import segments, time_boundaries, timeouts
from koopcli.doctor.finding import Finding, Severity
from koopcli.doctor.view import View

MEANING = {
    segments.HIDDEN: ("jump", Severity.WARNING),
    "hidden episode boundaries": ("jump", Severity.WARNING),
    timeouts.MISTAKEN: ("dones", Severity.WARNING),
    "no time-outs are marked": ("dones", Severity.WARNING),
    time_boundaries.JITTER: ("dt-jitter", Severity.REMARK),
    time_boundaries.GAPS: ("dt-jitter", Severity.WARNING),
    time_boundaries.RESTARTS: ("dt-jitter", Severity.REMARK),
}
"""Parts of a reader's sentences, with the check that they belong to."""


def check(view: View) -> list[Finding]:
    """Repeat what the reader said, and that the sampling time is unknown.

    A dataset file remembers what ingest said of its sources: only what is about the
    trajectories themselves is repeated.
    """
    found = []
    for line in dict.fromkeys(view.lines()):
        meaning = next((MEANING[part] for part in MEANING if part in line), None)
        if meaning is None and view.is_dataset:
            continue
        name, severity = meaning or ("reader", Severity.REMARK)
        found.append(
            Finding(
                check=name,
                severity=severity,
                what=line,
                advice="give ingest the option that it names, if any; what was corrected "
                "or split is dealt with, but other programs will stumble over it",
            )
        )
    if not view.dt_known:
        found.append(
            Finding(
                check="dt",
                severity=Severity.REMARK,
                what="the sampling time is unknown: 1 s is assumed",
                advice="give `ingest --dt`: seconds and hertz mean steps until then",
            )
        )
    return found
