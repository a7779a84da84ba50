"""Error against the steps between re-encodings: which k is best for each run."""

import math
from collections.abc import Sequence
from typing import Any

from koopcli.evaluate.bootstrap import Bootstrap
from koopcli.evaluate.scoring import Scored
from koopcli.evaluate.summaries import Validity, summary
from koopcli.evaluate.yardstick import Yardstick


def sweep(
    scored: Sequence[tuple[int, Scored]],
    yardstick: Yardstick,
    bootstrap: Bootstrap,
    valid: Validity,
) -> list[dict[str, Any]]:
    """Return one row per run and k; `best` marks the smallest mean NMSE of a run.

    Args:
        scored: The runs' tallies, by k.
        yardstick: How they were measured.
        bootstrap: Draws of episodes.
        valid: How the valid prediction time is told.
    """
    rows: list[dict[str, Any]] = []
    for every, several in scored:
        for pair in several:
            found = summary(pair, yardstick, bootstrap, valid)
            rows.append(
                {
                    "run": found.run,
                    "model": found.model,
                    "reencode_every": every,
                    "mean_nmse": found.mean_nmse,
                    "divergence_rate": found.divergence_rate,
                    "valid_steps": found.valid_steps,
                    "interval": found.interval,
                }
            )
    best = {run: _best(rows, run) for run in {row["run"]: None for row in rows}}
    return [
        {**row, "best": best[run] == row["reencode_every"]}
        for run in best
        for row in rows
        if row["run"] == run
    ]


def _best(rows: list[dict[str, Any]], run: Any) -> int | None:
    errors = {
        row["reencode_every"]: row["mean_nmse"]
        for row in rows
        if row["run"] == run and math.isfinite(row["mean_nmse"])
    }
    return min(errors, key=errors.__getitem__) if errors else None
