"""Ways to write a table down: JSON without NaN, CSV, Parquet, Markdown, LaTeX."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from koopcli.files import replacing


def without_nan(value: Any) -> Any:
    """Replace NaN and infinities, at any depth, by None: JSON has no word for them."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without nesting: an interval of x becomes `x_low` and `x_high`."""
    result = {name: value for name, value in row.items() if name != "interval"}
    several = row.get("interval", {})
    if not isinstance(several, Mapping):
        several = {"interval": several}
    for name, (low, high) in several.items():
        result |= {f"{name}_low": low, f"{name}_high": high}
    return result


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return all rows at full precision; what is undefined or absent is empty."""
    text = io.StringIO()
    flattened = [flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flattened for name in row))
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(without_nan(row) for row in flattened)
    return text.getvalue()


def write_parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write all rows as they are in the CSV; what is undefined is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([without_nan(flat(row)) for row in rows])
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |"
        for line in lines
    )


def latex(text: str) -> str:
    """Escape what LaTeX would read as a command."""
    return "".join(_LATEX.get(character, character) for character in text)


def tabular(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a LaTeX table (package: booktabs)."""
    lines = [
        rf"\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}",
        r"\toprule",
        " & ".join(map(latex, columns)) + r" \\",
        r"\midrule",
        *(" & ".join(map(latex, row)) + r" \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Write a number for people; a dash for what is not there."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.4g}"


def within(value: float, interval: Sequence[float]) -> str:
    """Write a number and its interval, if it has one."""
    if not all(math.isfinite(end) for end in interval):
        return number(value)
    return f"{number(value)} [{interval[0]:.3g}, {interval[1]:.3g}]"


_LATEX = {
    **{character: "\\" + character for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
