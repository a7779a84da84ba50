"""Writes a sweep as JSON, CSV, Markdown, pictures, and the settings of the best trial."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from koopcli.evaluate.formats import markdown, without_nan
from koopcli.files import write_text
from koopcli.sweep import figure, locks
from koopcli.sweep.results import Sweep, Trial

SCHEMA = "koopcli.sweep/1"
BEST = "best.toml"
FILES = ("sweep.json", "sweep.csv", "sweep.md", "sweep.png", "sweep.svg")


def write(sweep: Sweep, folder: Path) -> tuple[str, ...]:
    """Write all `FILES` and `BEST` into `folder`, replacing older ones; return names."""
    # Processes of one sweep may end at the same time.
    with locks.turn(folder / ".results.lock"):
        text = json.dumps(document(sweep), indent=1, allow_nan=False)
        write_text(folder / FILES[0], text + "\n")
        write_text(folder / FILES[1], as_csv(sweep))
        write_text(folder / FILES[2], as_markdown(sweep))
        for name in FILES[3:]:
            figure.draw(folder / name, sweep)
        if sweep.best_config is None:
            return FILES
        write_text(folder / BEST, sweep.best_config)
        return (*FILES, BEST)


def document(sweep: Sweep) -> dict[str, Any]:
    """Return the JSON document; NaN and infinities are null."""
    best = sweep.best
    return without_nan(
        {
            "schema": SCHEMA,
            "study": sweep.study,
            "storage": sweep.storage,
            "request": sweep.request,
            "measure": {"name": "validation NRMSE", "horizon": sweep.plan.horizon},
            "counts": sweep.counts,
            "best": None if best is None else best.document(),
            "trials": [trial.document() for trial in sweep.trials],
        }
    )


def as_csv(sweep: Sweep) -> str:
    """Return one row per trial at full precision; what is not is empty."""
    text = io.StringIO()
    names, seeds = _names(sweep), sweep.plan.seeds
    columns = ["trial", "status", "error", "deviation", "last_error"]
    columns += [f"error_seed{seed}" for seed in seeds]
    columns += [*names, "seconds", "message"]
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for trial in sweep.trials:
        row = {**trial.document(), **trial.settings}
        row |= {f"error_seed{each['seed']}": each["error"] for each in trial.seeds}
        writer.writerow(without_nan(row))
    return text.getvalue()


def columns(sweep: Sweep) -> list[str]:
    """Return the column names of the table for people."""
    short = [name.split(".", 1)[1] for name in _names(sweep)]
    unique = len(set(short)) == len(short)
    return [
        "trial",
        "status",
        "NRMSE",
        *(short if unique else _names(sweep)),
        "seconds",
    ]


def rows(sweep: Sweep) -> list[list[str]]:
    """Return one row of text per trial, the best first."""
    return [
        [
            str(trial.number),
            trial.status,
            _error(trial),
            *(_value(trial.settings.get(name, "")) for name in _names(sweep)),
            "" if trial.seconds is None else f"{trial.seconds:.0f}",
        ]
        for trial in sweep.trials
    ]


def as_markdown(sweep: Sweep) -> str:
    """Return the table and what was asked for as Markdown."""
    asked = [[name, str(value)] for name, value in sweep.request.items()]
    failed = [
        f"- trial {trial.number}, {trial.status}: {trial.message}"
        for trial in sweep.trials
        if trial.message
    ]
    parts = [
        "# Sweep",
        f"{summary(sweep)} {explanation(sweep)}",
        markdown(columns(sweep), rows(sweep)),
        *(["## What failed", "\n".join(failed)] if failed else []),
        "## Request",
        markdown(["setting", "value"], asked),
    ]
    return "\n\n".join(parts) + "\n"


def summary(sweep: Sweep) -> str:
    """Return in a sentence how many trials stand how."""
    counts = ", ".join(f"{count} {status}" for status, count in sweep.counts.items())
    total = max(len(sweep.trials), sweep.plan.total)
    return f"{len(sweep.trials)} of {total} trials: {counts or 'none'}."


def explanation(sweep: Sweep) -> str:
    """Say what the errors are."""
    several = len(sweep.plan.seeds) > 1
    mean = f", mean ± deviation over seeds {_list(sweep.plan.seeds)}" if several else ""
    return (
        f"NRMSE: best on the validation episodes, over {sweep.plan.horizon} steps{mean}; "
        "in brackets, of the first seed when the trial ended early."
    )


def _list(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))


def _names(sweep: Sweep) -> list[str]:
    return [parameter.name for parameter in sweep.plan.space]


def _error(trial: Trial) -> str:
    if trial.error is None:
        return "" if trial.last_error is None else f"({trial.last_error:.4g})"
    spread = trial.deviation
    return f"{trial.error:.4g}" + ("" if spread is None else f" ± {spread:.1g}")


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else str(value)
