"""Numbers, lists and names as a report writes them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from koopcli.evaluate.formats import number
from koopcli.evaluate.sections import Section as Cells
from koopcli.report.blocks import Table

SHORT_HASH = 12
"""Characters of a hash that are shown; all of them are in the JSON document."""


def value(found: Any) -> str:
    """Write a setting or a fact; a dash for what is not there."""
    if found is None or found == "":
        return "-"
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, float):
        return number(found)
    if isinstance(found, Mapping):
        return ", ".join(f"{name}: {value(part)}" for name, part in found.items())
    if isinstance(found, list | tuple):
        return ", ".join(map(value, found)) or "-"
    return str(found)


def short_hash(digest: str) -> str:
    """Shorten a hash."""
    return digest[:SHORT_HASH] or "-"


def duration(seconds: float) -> str:
    """Write a time: `42 s`, `6 min 23 s`, `2 h 5 min`."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def steps(count: int) -> str:
    """Write a number of steps."""
    return f"{count} step{'' if count == 1 else 's'}"


def together(parts: Iterable[str]) -> str:
    """Join parts of a sentence."""
    return "; ".join(parts)


def table(cells: Cells, names: Mapping[str, str] | None = None) -> Table:
    """Return a table of an evaluation or spectrum, with short names of runs.

    Args:
        cells: The table.
        names: Short name by what is to be replaced, whole cells alone.
    """
    names = names or {}
    rows = [[names.get(cell, cell) for cell in row] for row in cells.rows]
    sortable = tuple(cells.columns) != ("what", "value")
    return Table(cells.title, tuple(cells.columns), rows, sortable)


def side_by_side(
    title: str, names: Sequence[str], facts: Sequence[Mapping[str, str]]
) -> Table:
    """Return a table with one column per run and one row per fact.

    Args:
        title: Its title.
        names: One per run.
        facts: Of each run, by what they are; what a run lacks is a dash.
    """
    rows = dict.fromkeys(what for each in facts for what in each)
    cells = [[what, *(each.get(what, "-") for each in facts)] for what in rows]
    return Table(title, ("what", *names), cells, sortable=False)
