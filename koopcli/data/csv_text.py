"""What a CSV file does not say about itself: separator, header, decimal sign.

Rows are separated by commas, semicolons, tabs or blanks. The first row is a header if
any of its cells is no number; without one, columns are called 0, 1, 2, ... A header (or
row) that ends in a separator makes an empty last column.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from koopcli.errors import DataError

SAMPLE_BYTES = 65_536
SAMPLE_ROWS = 20
SEPARATORS = (";", "\t", ",", "|")
COMMENTS = ("#", "%")


@dataclass(frozen=True)
class Layout:
    """How to read one CSV file.

    Attributes:
        separator: Between two cells; a blank stands for any run of blanks.
        names: One per column; the empty string for columns beyond the header.
        skip: Lines before the first row of numbers.
        decimal: The decimal sign.
    """

    separator: str
    names: tuple[str, ...]
    skip: int
    decimal: str


def layout(path: Path) -> Layout:
    """Look at the first lines of a file.

    Raises:
        DataError: It is no text, empty, or repeats a column name.
    """
    with open(path, "rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if b"\0" in sample:
        raise DataError(f"{path}: not a text file (UTF-8); export it as CSV again")
    text = sample.decode("utf-8-sig", errors="replace")
    lines = text.splitlines()
    if len(sample) == SAMPLE_BYTES:
        lines = lines[:-1]  # the last one may be cut
    skip = 0
    while skip < len(lines) and (
        not lines[skip].strip() or lines[skip].lstrip().startswith(COMMENTS)
    ):
        skip += 1
    rows = [line for line in lines[skip : skip + SAMPLE_ROWS] if line.strip()]
    if not rows:
        raise DataError(f"{path}: holds no rows")
    separator = _separator(rows)
    decimal = "," if separator != "," and _decimal_commas(rows) else "."
    first = _cells(rows[0], separator)
    columns = max(len(_cells(row, separator)) for row in rows)
    if all(_is_number(cell, decimal) or not cell for cell in first):
        names = [str(i) for i in range(columns)]
    else:
        # A nameless column (pandas writes its index so) goes by its number.
        names, skip = [cell.strip() or str(i) for i, cell in enumerate(first)], skip + 1
        names += [""] * (columns - len(names))
    _check_names(path, names)
    return Layout(separator, tuple(names), skip, decimal)


def _separator(rows: list[str]) -> str:
    # The one that makes the most columns in every row, headers without quotes included.
    counts = {s: min(len(_cells(row, s)) for row in rows) for s in SEPARATORS}
    best = max(counts, key=lambda s: counts[s])
    if counts[best] > 1:
        return best
    return " " if all(re.search(r"\S\s+\S", row) for row in rows) else ","


def _cells(row: str, separator: str) -> list[str]:
    if separator == " ":
        return row.split()
    return next(csv.reader([row], delimiter=separator), [])


def _decimal_commas(rows: list[str]) -> bool:
    return any(re.search(r"\d,\d", row) for row in rows[1:] or rows)


def _is_number(cell: str, decimal: str) -> bool:
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _check_names(path: Path, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            raise DataError(
                f"{path}: two columns are called {name!r}; rename one in the header"
            )
        seen.add(name)
