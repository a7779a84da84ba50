"""Parquet files, one or a folder of them: one row per time step.

Columns are found as in CSV files; a column of lists (all of one length) is a vector.
"""

from collections.abc import Iterator
from pathlib import Path

from koopcli.config import IngestConfig
from koopcli.data import arrow, source_files
from koopcli.data.readers import TABULAR, Source
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

UNDERSTANDS = TABULAR
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

    def tables() -> Iterator[Table]:
        for path in files:
            yield read(path)

    return open_tables(tables, files, config)


def read(path: Path) -> Table:
    """Read one file.

    Raises:
        DataError: It is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path).read(use_threads=False)
    except (OSError, pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: not a readable Parquet file ({reason})") from error
    return arrow.table(path.name, table)[0]
