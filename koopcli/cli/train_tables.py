"""What `koopcli train` prints at its end, and of its settings."""

from pathlib import Path
from typing import TYPE_CHECKING

from koopcli.cli.settings import Resolved

if TYPE_CHECKING:
    from koopcli.train.report import FitResult


def outcome(result: "FitResult", dataset: Path, *, as_json: bool) -> None:
    """Say what came of a run, once for all its processes.

    Args:
        result: The run.
        dataset: As the user gave it, for the command that comes next.
        as_json: For programs.
    """
    from koopcli import distributed
    from koopcli.cli import render

    if not distributed.primary():
        return
    for warning in result.warnings:
        render.warning(warning)
    if as_json:
        render.json_document({"schema": "koopcli.train/1", **result.as_json()})
        return
    error = result.best_validation
    rows = [
        ["model", str(result.run / "model.eqx")],
        ["parameters", str(result.parameters)],
        ["steps", f"{result.steps}, best at {result.best_step}"],
        [
            "validation NRMSE over the horizon",
            render.number(None if error is None else error**0.5),
        ],
        ["rollouts re-encode", _interval(result.reencode_every)],
        ["seconds", f"{result.seconds:.0f}{_start_up(result)}"],
    ]
    render.table(f"Trained {result.run}", ["what", "value"], rows)
    render.remark(f"next: koopcli eval {result.run} {dataset}")


def _start_up(result: "FitResult") -> str:
    seconds = result.seconds_to_first_step
    return "" if seconds is None else f", of these {seconds:.1f} before the first step"


def _interval(steps: int) -> str:
    return f"every {steps} steps" if steps else "never"


def settings(resolved: Resolved, *, as_json: bool) -> None:
    """Show every setting and where it comes from."""
    from koopcli import config_file
    from koopcli.cli import render

    values = config_file.flatten(resolved.config)
    if as_json:
        listed = [
            {"name": name, "value": value, "origin": resolved.origins[name]}
            for name, value in values.items()
        ]
        render.json_document({"schema": "koopcli.config/1", "settings": listed})
        return
    rows = [
        [name, "unset" if value is None else str(value), resolved.origins[name]]
        for name, value in values.items()
    ]
    render.table("Configuration", ["setting", "value", "origin"], rows)
