"""Writing a dataset file, episode by episode: memory holds few of them at a time."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from koopcli import hdf5
from koopcli.data import split_parts
from koopcli.data.episode import Episode
from koopcli.data.statistics import ColumnStatistics
from koopcli.data.store import SCHEMA, SCHEMA_VERSION
from koopcli.errors import DataError

CHUNK_BYTES = 256 * 1024
COLUMNS = ("observations", "actions", "rewards", "terminations", "truncations")
WAITING_BYTES = 4 * 1024 * 1024


class DatasetWriter:
    """Appends episodes to flat, chunked, compressed columns.

    Whether there are rewards, and the dimensions, are decided by the first episode;
    later ones must agree. Call `finish` and `annotate` once at the end. Use under
    `koopcli.files.replacing`, so that a failure leaves no file.
    """

    def __init__(self, path: Path):
        self._opened = hdf5.writing(path)
        self._file = self._opened.__enter__()
        # Kept open: closing a column would compress its last chunk at every episode.
        self._columns: dict[str, h5py.Dataset] = {}
        # HDF5 takes longer to say it than an episode of one step to write.
        self._widths: dict[str, tuple[int, ...]] = {}
        # Many short episodes at once: every write to HDF5 has a price of its own.
        self._waiting: dict[str, list[np.ndarray]] = {}
        self._waiting_bytes = 0
        self.lengths: list[int] = []
        self.known: list[bool] = []
        self.sources: list[str] = []

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(self, *error: Any) -> None:
        self._opened.__exit__(*error)

    def adopt(self, path: Path) -> None:
        """Begin with the episodes of a dataset file, copied as they are packed."""
        with h5py.File(path, "r") as file:
            for name in COLUMNS:
                if name in file:
                    file.copy(name, self._file)
                    self._columns[name] = self._file[name]
                    self._widths[name] = self._file[name].shape[1:]
            for key, value in file.attrs.items():
                self._file.attrs[key] = value
            table = file["episodes"]
            self.lengths = table["length"][()].tolist()
            self.known = table["last_observation_known"][()].tolist()
            self.sources = table["source"].asstr()[()].tolist()

    def add(self, episode: Episode) -> None:
        """Append one checked episode.

        Raises:
            DataError: The episode is invalid or does not match the ones before.
        """
        episode.check()
        columns = {
            "observations": episode.observations.astype(np.float32),
            "actions": episode.actions.astype(np.float32),
            "terminations": episode.terminations,
            "truncations": episode.truncations,
        }
        if episode.rewards is not None:
            columns["rewards"] = episode.rewards.astype(np.float32)
        if not self.lengths:
            for name, values in columns.items():
                self._create(name, values)
        self._check_same(episode, columns)
        for name, values in columns.items():
            self._waiting.setdefault(name, []).append(values)
            self._waiting_bytes += values.nbytes
        if self._waiting_bytes > WAITING_BYTES:
            self._flush()
        self.lengths.append(episode.length)
        self.known.append(episode.last_observation_known)
        self.sources.append(episode.source)

    def finish(self, splits: dict[str, np.ndarray]) -> dict[str, ColumnStatistics]:
        """Write the episode table, the splits and the training statistics."""
        self._flush()
        lengths, known = np.array(self.lengths), np.array(self.known)
        rows = lengths + known
        table = self._file.create_group("episodes")
        table["length"] = lengths
        table["observation_start"] = np.cumsum(rows) - rows
        table["step_start"] = np.cumsum(lengths) - lengths
        table["last_observation_known"] = known
        table.create_dataset("source", data=self.sources, dtype=h5py.string_dtype())
        return split_parts.write(self._file, splits)

    def attach(self, name: str, columns: dict[str, np.ndarray]) -> None:
        """Write a group of further columns, which `koopcli.data.store` does not read."""
        for column, values in columns.items():
            self._file[f"{name}/{column}"] = values

    def annotate(self, attributes: dict[str, Any]) -> None:
        """Write the schema and `attributes`; what HDF5 cannot hold plainly as JSON."""
        self._file.attrs["koopcli_schema"] = SCHEMA
        self._file.attrs["schema_version"] = SCHEMA_VERSION
        for key, value in attributes.items():
            plain = isinstance(value, int | float | str | bool)
            self._file.attrs[key] = value if plain else json.dumps(value)

    def _flush(self) -> None:
        for name, parts in self._waiting.items():
            values, column = np.concatenate(parts), self._columns[name]
            first = len(column)
            column.resize(first + len(values), axis=0)
            column[first:] = values
        self._waiting, self._waiting_bytes = {}, 0

    def _create(self, name: str, values: np.ndarray) -> None:
        width = self._widths[name] = values.shape[1:]
        row_bytes = max(1, values.itemsize * int(np.prod(width)))
        if 0 in width:  # HDF5 cannot chunk a column without columns
            shape: dict[str, Any] = {"maxshape": (None, 1, *width[1:])}
            self._columns[name] = self._file.create_dataset(
                name, (0, *width), values.dtype, chunks=(1024, 1), **shape
            )
            return
        self._columns[name] = self._file.create_dataset(
            name,
            (0, *width),
            values.dtype,
            maxshape=(None, *width),
            chunks=(max(1, CHUNK_BYTES // row_bytes), *width),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )

    def _check_same(self, episode: Episode, columns: dict[str, np.ndarray]) -> None:
        if ("rewards" in self._columns) != ("rewards" in columns):
            raise DataError(
                f"{episode.source}: some episodes have rewards and some have none"
            )
        for name, values in columns.items():
            expected = self._widths[name]
            if values.shape[1:] != expected:
                raise DataError(
                    f"{episode.source}: {name} have {values.shape[1]} columns, those of "
                    f"{self.sources[0]} have {expected[0]}; ingest them separately"
                )
