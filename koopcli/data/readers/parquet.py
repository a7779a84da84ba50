"""Parquet files, one or a folder of them: one row per time step.

Columns are found as in CSV files; a column of lists (all of one length) is a vector.
Files are read in pieces, so that they may be larger than memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from koopcli.config.data import IngestConfig
from koopcli.data import arrow, source_files
from koopcli.data.readers import TABULAR, Source
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

UNDERSTANDS = TABULAR
PIECE_BYTES = 8 * 2**20
TRIAL_ROWS = 256
"""Rows that tell how many bytes a row needs."""
SUFFIXES = (".parquet", ".pq")


def detect(source: str) -> bool:
    """Whether `source` is a Parquet file or a folder of them."""
    return source_files.recognised(source, SUFFIXES)


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a Parquet file or a folder of them.

    Raises:
        DataError: It cannot be read, or it is not clear which columns to use.
    """
    files = source_files.find(source, SUFFIXES)

    def tables() -> Iterator[Iterator[Table]]:
        for path in files:
            yield read(path)

    return open_tables(tables, files, config)


def read(path: Path) -> Iterator[Table]:
    """Read one file in pieces; at least one, perhaps without rows.

    Raises:
        DataError: It is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False) as file:
            empty = arrow.empty_columns(_parts(file, TRIAL_ROWS))
            if empty:
                roots = sorted({name.split(".")[0] for name in empty})
                empty = arrow.empty_columns(_parts(file, _piece_rows(file), roots))
            yield from arrow.tables(path.name, _parts(file, _piece_rows(file)), empty)
    except (OSError, pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable Parquet file ({reason})") from error


def _piece_rows(file: Any) -> int:
    first = next(_parts(file, TRIAL_ROWS))
    return max(1, PIECE_BYTES * max(1, first.num_rows) // max(1, first.nbytes))


def _parts(file: Any, rows: int, columns: list[str] | None = None) -> Iterator[Any]:
    import pyarrow as pa

    batches = file.iter_batches(rows, columns=columns, use_threads=False)
    for batch in batches:
        yield pa.Table.from_batches([batch])
    if file.metadata.num_rows == 0:
        yield file.schema_arrow.empty_table()
