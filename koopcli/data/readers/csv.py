"""CSV files, one or a folder of them: one row per time step.

Columns are found by name or told by --obs-cols and the like; without an episode column
every file is an episode. Separator, header and decimal sign are found out. Files are
read in pieces, so that they may be larger than memory.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from koopcli.config.data import IngestConfig
from koopcli.data import arrow, csv_blocks, source_files
from koopcli.data.csv_text import layout
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

    def tables() -> Iterator[Iterator[Table]]:
        for path in files:
            yield _read(path, empty)

    opened = open_tables(tables, files, config)
    if empty:
        opened.warnings.append(
            f"empty columns were left out: {', '.join(sorted(empty))}"
        )
    return opened


def _read(path: Path, left_out: set[str]) -> Iterator[Table]:
    import pyarrow as pa

    try:
        parts = csv_blocks.read(path, layout(path))
        first = next(parts, None)
        if first is None:
            raise DataError(f"{path}: holds no rows")
        empty = {field.name for field in first.schema if pa.types.is_null(field.type)}
        unnamed = [n for n in first.column_names if n not in empty and n[0] == "\0"]
        if unnamed:
            raise DataError(
                f"{path}: the rows have more columns than the header has names; which "
                "names belong to which columns? complete the header"
            )
        left_out.update(name.removeprefix("\0") for name in empty)
        yield from arrow.tables(path.name, chain([first], parts), empty)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable CSV file ({reason})") from error
