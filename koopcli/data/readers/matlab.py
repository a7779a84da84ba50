"""MATLAB's .mat files, one or a folder of them, of the versions 5 to 7.3.

Variables are columns: y (one row per sample, one column per output), u, t, under these
or other names (--obs-cols, --action-cols name variables). A struct, each element of a
struct array, and each place of equally long cells (y{k}, u{k}) is an episode. A scalar
Ts, dt or fs is the sampling time.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import mapping, pieces, source_files, table
from koopcli.data.matlab_file import variables
from koopcli.data.on_disk import RowsOnDisk
from koopcli.data.readers import TABULAR, Source
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

UNDERSTANDS = TABULAR
SUFFIXES = (".mat",)


def detect(source: str) -> bool:
    """Whether `source` is a MATLAB file or a folder of them."""
    return source_files.recognised(source, SUFFIXES)


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a MATLAB file or a folder of them.

    Raises:
        DataError: It is damaged, or its variables do not belong together.
    """
    files = source_files.find(source, SUFFIXES)
    required = mapping.required(config)
    dt, dt_source = _sampling_time(variables(files[0]))

    def tables() -> Iterator[Iterable[Table]]:
        for path in files:
            for whole in _tables(path, variables(path), required):
                yield pieces.cut(whole)

    return open_tables(tables, files, config, dt=dt, dt_source=dt_source)


def _sampling_time(found: dict[str, Any]) -> tuple[float | None, str]:
    for name, value in found.items():
        if isinstance(value, dict):
            inside = _sampling_time(value)
            if inside[0] is not None:
                return inside
        if name.lower() in ("ts", "dt", "fs") and getattr(value, "size", 0) == 1:
            number = float(value.item())
            if 0 < number < float("inf"):
                dt = 1 / number if name.lower() == "fs" else number
                return dt, f"variable {name}"
    return None, ""


def _tables(path: Path, found: dict[str, Any], required: set[str]) -> Iterator[Table]:
    arrays = _columns(found)
    if arrays:
        yield table.from_arrays(path.name, arrays, required)
        return
    trials = _trials(path, found)
    for number, trial in enumerate(trials):
        columns = _columns(trial)
        where = f"{path.name}, trial {number}"
        if not columns:
            raise DataError(f"{where}: holds no arrays with rows")
        yield table.from_arrays(where, columns, required)


def _trials(path: Path, found: dict[str, Any]) -> list[dict[str, Any]]:
    structs = {n: [v] for n, v in found.items() if isinstance(v, dict)}
    lists = {n: v for n, v in found.items() if isinstance(v, list) and v}
    structs |= {n: v for n, v in lists.items() if all(isinstance(t, dict) for t in v)}
    if len(structs) == 1:
        return next(iter(structs.values()))
    if structs:
        raise DataError(
            f"{path}: several structs ({', '.join(structs)}); save the one with the "
            "trials alone"
        )
    cells = {n: v for n, v in lists.items() if all(_is_numbers(t) for t in v)}
    counts = {len(values) for values in cells.values()}
    if len(counts) > 1:
        raise DataError(
            f"{path}: the cells differ in length: "
            + ", ".join(f"{n} {len(v)}" for n, v in cells.items())
        )
    if not cells:
        raise DataError(
            f"{path}: no arrays of numbers, structs or cells of them; of an object "
            "(iddata, timetable) save its parts: y = data.y; u = data.u"
        )
    return [{n: v[i] for n, v in cells.items()} for i in range(counts.pop())]


def _is_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray | RowsOnDisk)


def _columns(found: dict[str, Any]) -> dict[str, Any]:
    # Arrays of more than one number, with one row per sample: a row vector is turned.
    arrays = {n: v for n, v in found.items() if _is_numbers(v) and v.size > 1}
    return {
        name: values[:].T if values.shape[0] == 1 else values
        for name, values in arrays.items()
        if values.ndim == 2
    }
