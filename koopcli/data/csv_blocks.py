"""The rows of a CSV file, block by block, with types that hold for the whole file.

A first pass finds out the type of every column, as a reader of the whole file would: a
column of whole numbers may have its first fraction in the last row. It leaves out columns
that begin with fractions: text among them, which nobody can use, is met when it comes.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from koopcli.data.csv_text import SAMPLE_BYTES, Layout

BLOCK_BYTES = 8 * 2**20


def read(path: Path, found: Layout) -> Iterator[Any]:
    """Yield Arrow tables of one schema; a column of type null has no content.

    Raises:
        pyarrow.ArrowException: A row cannot be read.
        OSError: The file cannot be read.
    """
    first = list(islice(_parsed(path, found, {}), 2))
    if len(first) < 2:
        yield from first
        return
    types = {field.name: field.type for field in first[0].schema}
    del first
    open_ended = [name for name, kind in types.items() if not _is_real(kind)]
    if open_ended:
        inferred = _parsed(path, found, {}, open_ended)
        types |= _common(path, found, (table.schema for table in inferred))
    yield from _parsed(path, found, types)


def names(found: Layout) -> list[str]:
    """Return names that differ; nameless columns get one that nobody types."""
    return [name or f"\0{i}" for i, name in enumerate(found.names)]


def _is_real(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind)


def _parsed(
    path: Path, found: Layout, types: dict[str, Any], only: list[str] | None = None
) -> Iterator[Any]:
    import pyarrow as pa

    rows = found.skip
    for block in _blocks(path, found.skip):
        even = _evened(block) if found.separator == " " else block
        try:
            table = _table(even, found, types, only)
        except pa.ArrowInvalid:
            try:
                table = _table(even, found, _with_text(even, found, types), only)
            except pa.ArrowInvalid as error:
                raise type(error)(_renumbered(str(error), rows)) from error
        rows += table.num_rows
        yield table


def _table(
    block: bytes, found: Layout, types: dict[str, Any], only: list[str] | None = None
) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(block),
        # One thread: only then does an error say its row.
        csv.ReadOptions(use_threads=False, column_names=names(found)),
        csv.ParseOptions(
            delimiter="," if found.separator == " " else found.separator,
            ignore_empty_lines=True,
        ),
        csv.ConvertOptions(
            decimal_point=found.decimal,
            strings_can_be_null=True,
            column_types=types,
            include_columns=only,
        ),
    )


def _with_text(block: bytes, found: Layout, types: dict[str, Any]) -> dict[str, Any]:
    # Columns of fractions in which this block has text.
    import pyarrow as pa

    numbers = (pa.int64(), pa.float64(), pa.null())
    return types | {
        field.name: pa.string()
        for field in _table(block, found, {}).schema
        if _is_real(types.get(field.name, pa.null())) and field.type not in numbers
    }


def _renumbered(message: str, rows: int) -> str:
    return re.sub(r"Row #(\d+)", lambda m: f"Row #{int(m.group(1)) + rows}", message)


def _blocks(path: Path, skip: int) -> Iterator[bytes]:
    # Whole lines that are not all empty, without the first ones.
    with open(path, "rb") as file:
        newline = b"\n" if b"\n" in file.read(SAMPLE_BYTES) else b"\r"
        file.seek(0)
        rest: list[bytes] = []
        for data in chain(iter(lambda: file.read(BLOCK_BYTES), b""), [b""]):
            lines, end, after = data.rpartition(newline)
            if data and not end:
                rest.append(data)
                continue
            block = b"".join([*rest, lines, end])
            rest = [after]
            while skip and block:
                block = block.partition(newline)[2]
                skip -= 1
            if block and not block.isspace():
                yield block


def _evened(block: bytes) -> bytes:
    # Columns apart by runs of blanks, which Arrow does not know.
    lines = [re.sub(rb"[ \t]+", b",", row.strip()) for row in block.splitlines()]
    return b"\n".join(lines) + b"\n"


def _common(path: Path, found: Layout, schemas: Iterator[Any]) -> dict[str, Any]:
    import pyarrow as pa

    numbers = {pa.int64(), pa.float64()}
    kinds: dict[str, set[Any]] = {}
    for schema in schemas:
        for field in schema:
            kinds.setdefault(field.name, set()).add(field.type)
    types = {}
    for name, several in kinds.items():
        content = several - {pa.null()}
        if len(content) < 2:
            types[name] = next(iter(content), pa.null())
        elif content == numbers:
            types[name] = pa.float64()
        else:
            types[name] = _fitting(path, found, name, content)
    return types


def _fitting(path: Path, found: Layout, name: str, kinds: set[Any]) -> Any:
    # Arrow's own order: the first type that all values of the column fit into.
    import pyarrow as pa

    order = [pa.int64(), pa.bool_(), pa.date32(), pa.time32("s"), pa.timestamp("s")]
    order += [pa.timestamp("ns"), pa.float64(), pa.string(), pa.binary()]
    for kind in order[max(order.index(kind) for kind in kinds) : -1]:
        try:
            for _ in _parsed(path, found, {name: kind}, [name]):
                pass
        except pa.ArrowInvalid:
            continue
        return kind
    return pa.binary()
