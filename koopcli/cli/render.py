"""Results to stdout, talk to stderr. The only module, with progress.py, that knows Rich."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

PLAIN_WIDTH = 160
"""Width of tables that go into a file or a pipe."""


def json_document(document: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout; NaN and infinity become null."""
    print(json_text(document))


def json_text(document: Mapping[str, Any]) -> str:
    """Write one JSON document; NaN and infinity become null."""
    return json.dumps(_plain(document), indent=2, allow_nan=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout; numbers are aligned to the right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table(title=escape(title), title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        shown.add_column(
            escape(column), justify="left" if index == 0 else "right", overflow="fold"
        )
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    console.print(shown)


def text(line: str) -> None:
    """Print a line on stdout: it is part of the result."""
    print(line)


def remark(line: str) -> None:
    """Say something on stderr."""
    print(line, file=sys.stderr)


def warning(line: str) -> None:
    """Say on stderr that something looks wrong."""
    print(f"warning: {line}", file=sys.stderr)


def number(value: float | None, digits: int = 4) -> str:
    """Write a number for people; a dash for what is not there."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.{digits}g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return str(value)
