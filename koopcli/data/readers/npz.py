"""NumPy's NPZ files: named arrays, never pickles.

Three layouts are understood, and a folder of such files: flat rows with an `episode`
column or `episode_ends`; one episode per file; padded batches (episode, time, column)
with `lengths`. `koopcli.data.npz_arrays` leaves large arrays on disk.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import environments, mapping, npz_arrays, pieces, source_files, table
from koopcli.data.mapping import ACTIONS, OBSERVATIONS
from koopcli.data.readers import TABULAR, Source
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

UNDERSTANDS = TABULAR
SUFFIXES = (".npz",)
REFUSED = {
    ".npy": "one array without a name; save with np.savez(file, observations=..., "
    "actions=...)",
    **dict.fromkeys(
        (".pkl", ".pickle", ".p"),
        "a pickle can run any program when it is read; load it where you trust it and "
        "save with np.savez(file, observations=..., actions=...)",
    ),
}
ENDS = "episode_ends"
LENGTHS = ("lengths", "length", "episode_lengths", "seq_lens")


def detect(source: str) -> bool:
    """Whether `source` is an NPZ file or a folder of them (or a kind that is refused)."""
    path = Path(source)
    refused = path.is_file() and path.suffix.lower() in REFUSED
    return refused or source_files.recognised(source, SUFFIXES)


def open_source(source: str, config: IngestConfig) -> Source:
    """Open an NPZ file or a folder of them.

    Raises:
        DataError: It cannot be read, holds pickled objects, or its arrays disagree.
    """
    reason = REFUSED.get(Path(source).suffix.lower())
    if reason is not None:
        raise DataError(f"{source}: {reason}")
    files = source_files.find(source, SUFFIXES)
    environment = environments.named_in(Path(source).name)
    required = mapping.required(config)

    def tables() -> Iterator[Iterable[Table]]:
        for path in files:
            for whole in _tables(path.name, npz_arrays.read(path), required):
                yield pieces.cut(whole)

    return open_tables(tables, files, config, environment=environment)


def _tables(where: str, arrays: dict[str, Any], required: set[str]) -> Iterator[Table]:
    lower = {name.lower(): name for name in arrays}
    batched = [n for n in (*OBSERVATIONS, *ACTIONS) if n in lower]
    if any(arrays[lower[name]].ndim == 3 for name in batched):
        yield from _padded(where, arrays)
        return
    ends = arrays.get(ENDS)
    columns = {n: v for n, v in arrays.items() if n != ENDS and v.ndim in (1, 2)}
    if ends is None:
        yield table.from_arrays(where, columns, required)
        return
    ends = ends[...]
    rows = max((len(v) for v in columns.values()), default=0)
    valid = ends.ndim == 1 and ends.dtype.kind in "iu" and len(ends) > 0
    starts = np.concatenate([[0], ends[:-1]]) if valid else ends
    if not valid or (ends <= starts).any() or ends[-1] != rows:
        raise DataError(
            f"{where}: {ENDS!r} must rise to the number of rows ({rows}): each is the "
            "row after the last one of an episode"
        )
    for start, stop in zip(starts.tolist(), ends.tolist(), strict=True):
        part = {n: v[start:stop] for n, v in columns.items() if len(v) == rows}
        yield Table(f"{where}, rows {start}-{stop - 1}", part)


def _padded(where: str, arrays: dict[str, Any]) -> Iterator[Table]:
    # Lengths count steps where there is one observation more than steps, else rows.
    lengths_name = next((n for n in LENGTHS if n in arrays), None)
    batches = {
        n: v for n, v in arrays.items() if n != lengths_name and v.ndim in (2, 3)
    }
    episodes = {len(values) for values in batches.values()}
    if len(episodes) > 1:
        raise DataError(
            f"{where}: padded arrays have different numbers of episodes: "
            + ", ".join(f"{n} {v.shape}" for n, v in batches.items())
        )
    longest = max(values.shape[1] for values in batches.values())
    shortest = min(values.shape[1] for values in batches.values())
    count = episodes.pop()
    lengths = np.full(count, shortest)
    if lengths_name is not None:
        lengths = arrays[lengths_name][...].reshape(-1)
        if (
            len(lengths) != count
            or lengths.dtype.kind not in "iu"
            or (lengths < 0).any()
            or (lengths > shortest).any()
        ):
            raise DataError(
                f"{where}: {lengths_name!r} must hold {count} whole numbers up to "
                f"{shortest}"
            )
    for number, length in enumerate(lengths.tolist()):
        part = {
            name: values[number, : length + (values.shape[1] - shortest)]
            for name, values in batches.items()
        }
        if length or longest > shortest:
            yield table.from_arrays(f"{where}, batch entry {number}", part)
