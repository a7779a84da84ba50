"""CSV files, one or a folder of them: one row per time step.

Columns are found by name or told by --obs-cols and the like; without an episode column
every file is an episode. Separator, header and decimal sign are found out.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from koopcli.config import IngestConfig
from koopcli.data import arrow, source_files
from koopcli.data.csv_text import Layout, layout
from koopcli.data.readers import TABULAR, Source
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

UNDERSTANDS = TABULAR
SUFFIXES = (".csv", ".tsv")
OTHER_SUFFIXES = (".txt", ".dat")
"""Only read when `--format csv` says so, since they may be anything."""


def detect(source: str) -> bool:
    """Whether `source` is a CSV file or a folder of them."""
    return source_files.recognised(source, SUFFIXES)


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a CSV file or a folder of them.

    Raises:
        DataError: It cannot be read, or it is not clear which columns to use.
    """
    known = source_files.recognised(source, SUFFIXES)
    files = source_files.find(source, SUFFIXES if known else OTHER_SUFFIXES)
    empty: set[str] = set()

    def tables() -> Iterator[Table]:
        for path in files:
            table, left_out = _read(path)
            empty.update(left_out)
            yield table

    opened = open_tables(tables, files, config)
    if empty:
        opened.warnings.append(
            f"empty columns were left out: {', '.join(sorted(empty))}"
        )
    return opened


def _read(path: Path) -> tuple[Table, list[str]]:
    import pyarrow as pa
    from pyarrow import csv

    try:
        found = layout(path)
        # Arrow needs names that differ; nameless columns get one that nobody types.
        names = [name or f"\0{i}" for i, name in enumerate(found.names)]
        table = csv.read_csv(
            _evened(path, found) if found.separator == " " else path,
            csv.ReadOptions(
                # One thread: only then does an error say its row.
                use_threads=False,
                skip_rows=found.skip,
                column_names=names,
            ),
            csv.ParseOptions(
                delimiter="," if found.separator == " " else found.separator,
                ignore_empty_lines=True,
            ),
            csv.ConvertOptions(decimal_point=found.decimal, strings_can_be_null=True),
        )
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable CSV file ({reason})") from error
    if table.num_rows == 0:
        raise DataError(f"{path}: holds no rows")
    made, empty = arrow.table(path.name, table)
    unnamed = [name for name in made.columns if name.startswith("\0")]
    if unnamed:
        raise DataError(
            f"{path}: the rows have more columns than the header has names; which names "
            "belong to which columns? complete the header"
        )
    return made, [name.removeprefix("\0") for name in empty]


def _evened(path: Path, found: Layout) -> object:
    # Columns apart by runs of blanks, which Arrow does not know.
    import pyarrow as pa

    rows = path.read_bytes().splitlines()
    lines = [re.sub(rb"[ \t]+", b",", row.strip()) for row in rows]
    return pa.BufferReader(b"\n".join(lines) + b"\n")
