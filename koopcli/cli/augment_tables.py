"""The checks of an augmentation, for people."""

from collections.abc import Sequence
from typing import Any

LEGEND = (
    "shift: of accepted blocks, in standard deviations; cycle: of all; residual, judge: "
    "one-step error of the moved in that of their sources, in brackets of all proposals",
    "coverage: distance to the nearest recorded state, in that between recorded states; "
    "outside: accepted blocks that leave the training range",
)


def table(rows: Sequence[Any]) -> tuple[list[str], list[list[str]]]:
    """Return columns and cells, one row per scale."""
    columns = ["scale", "proposals", "accepted", "shift", "cycle p50", "cycle p95"]
    columns += ["residual", "judge", "coverage", "outside"]
    moves = any(row.action_miss for row in rows)
    return [*columns, *["action miss"] * moves], [
        _cells(row) + [_number(row.action_miss)] * moves for row in rows
    ]


def _cells(row: Any) -> list[str]:
    return [
        f"{row.scale:.4g}",
        str(row.proposals),
        f"{row.accepted:.1%}",
        _number(row.shift),
        _number(row.cycle_median),
        _number(row.cycle_p95),
        f"{_number(row.residual_ratio)} ({_number(row.all_residual_ratio)})",
        "-"
        if row.judge_ratio is None
        else f"{_number(row.judge_ratio)} ({_number(row.all_judge_ratio)})",
        _number(row.coverage),
        "-" if row.outside != row.outside else f"{row.outside:.1%}",
    ]


def _number(value: float | None) -> str:
    from koopcli.cli import render

    return render.number(value, 3)
