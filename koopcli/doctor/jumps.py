"""Steps so large that no dynamics made them: hidden boundaries, or outliers."""

import numpy as np
from jaxtyping import Float

from koopcli.doctor import thresholds
from koopcli.doctor.finding import Finding, Place, Severity
from koopcli.doctor.view import View


def check(view: View) -> list[Finding]:
    """Find one-step changes far beyond 99 % of a column's changes."""
    limit = _limits(view)
    if not np.isfinite(limit).any():
        return []
    count, columns, places = 0, set[str](), list[Place]()
    for number, episode in enumerate(view.episodes()):
        with np.errstate(invalid="ignore", over="ignore"):
            change = np.abs(np.diff(episode.observations.astype(np.float64), axis=0))
            # What is not finite is another check's finding.
            ratio = np.where(np.isfinite(change), change, 0.0) / limit
        steps = np.flatnonzero((ratio > 1).any(axis=1)).tolist()
        count += len(steps)
        for step in steps:
            column = view.observation_names[int(np.argmax(ratio[step]))]
            columns.add(column)
            if len(places) < thresholds.PLACES:
                # The change from row `step` becomes visible in the row after it.
                places.append(view.place(number, step + 1, column))
    if not count:
        return []
    return [
        Finding(
            check="jump",
            severity=Severity.WARNING,
            what=f"{count} one-step changes are more than {thresholds.JUMP:g} times "
            f"larger than 99 % of them ({', '.join(sorted(columns))}): hidden episode "
            "boundaries, or outliers",
            advice="if the system was reset there, mark the end of an episode "
            "(--episode-col, --terminal-col, --timeout-col, --max-episode-steps); "
            "remove outliers; a collision is no fault",
            count=count,
            places=tuple(places),
        )
    ]


def _limits(view: View) -> Float[np.ndarray, " state"]:
    # Infinite for columns that change rarely, where every change looks like a jump.
    sample = view.survey.sample
    if sample.rows < thresholds.LEAST_ROWS:
        return np.full(len(view.observation_names), np.inf)
    change = np.abs(sample.after - sample.now)
    usual = np.quantile(change, 0.99, axis=0)
    often = (change > 0).mean(axis=0) >= thresholds.OFTEN_CHANGING
    return np.where(often & (usual > 0), thresholds.JUMP * usual, np.inf)
