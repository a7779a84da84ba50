"""A dataset file, read episode by episode.

`koopcli.data.store` refuses a file that holds NaN, and reads all of it; the doctor wants
to say where the NaN is, and needs one episode at a time.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from koopcli.data.episode import Episode
from koopcli.data.hdf5_parts import check_attributes
from koopcli.data.store import SCHEMA, SCHEMA_VERSION, SPLITS
from koopcli.doctor.view import View
from koopcli.errors import DataError

UNREADABLE = (OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError)
COLUMNS = ("observations", "actions", "rewards", "terminations", "truncations")


def detect(path: Path) -> bool:
    """Whether `path` is an HDF5 file that says it is a dataset of koopcli."""
    try:
        if not (path.is_file() and h5py.is_hdf5(path)):
            return False
        with h5py.File(path, "r") as file:
            return "koopcli_schema" in file.attrs
    except OSError:
        return False


def open_dataset(path: Path, horizon: int) -> View:
    """Open a dataset file.

    Raises:
        DataError: It is damaged, or of another version.
    """
    try:
        with h5py.File(path, "r") as file:
            check_attributes(path, file)
            schema = (file.attrs["koopcli_schema"], int(file.attrs["schema_version"]))
            if schema != (SCHEMA, SCHEMA_VERSION):
                raise DataError(
                    f"{path}: {schema[0]} version {schema[1]}; ingest again"
                )
            provenance = json.loads(file.attrs["provenance"])
            lines = [str(line) for line in provenance.get("warnings", ())]
            return View(
                observation_names=tuple(json.loads(file.attrs["observation_names"])),
                action_names=tuple(json.loads(file.attrs["action_names"])),
                episodes=lambda: _episodes(path),
                horizon=horizon,
                dt_known=bool(file.attrs["dt_known"]),
                dt_source=str(file.attrs.get("dt_source", "")),
                lines=lambda: lines,
                is_dataset=True,
            )
    except UNREADABLE as error:
        raise _damaged(path, error) from error


def _episodes(path: Path) -> Iterator[Episode]:
    try:
        with h5py.File(path, "r") as file:
            yield from _read(file)
    except UNREADABLE as error:
        raise _damaged(path, error) from error


def _read(file: h5py.File) -> Iterator[Episode]:
    table = file["episodes"]
    lengths = table["length"][()].astype(np.int64).tolist()
    known = table["last_observation_known"][()].astype(bool).tolist()
    sources = table["source"].asstr()[()].tolist()
    splits = {
        int(number): name for name in SPLITS for number in file["splits"][name][()]
    }
    # Opened once: a column that is opened anew decompresses its chunk again.
    columns = {name: file[name] for name in COLUMNS if name in file}
    row = step = 0
    widths = [
        len(json.loads(file.attrs[f"{name}_names"]))
        for name in ("observation", "action")
    ]
    for number, length in enumerate(lengths):
        rows, steps = (
            slice(row, row + length + known[number]),
            slice(step, step + length),
        )
        parts = {name: columns[name][steps] for name in columns if name != COLUMNS[0]}
        parts = {"observations": columns["observations"][rows], **parts}
        _check_shapes(parts, widths, rows, steps)
        yield Episode(
            observations=parts["observations"],
            actions=parts["actions"],
            rewards=parts.get("rewards"),
            terminations=parts["terminations"].astype(bool),
            truncations=parts["truncations"].astype(bool),
            source=sources[number],
            split=splits.get(number),
        )
        row, step = rows.stop, steps.stop


def _check_shapes(
    parts: dict[str, np.ndarray], widths: list[int], rows: slice, steps: slice
) -> None:
    observed, length = rows.stop - rows.start, steps.stop - steps.start
    expected = {
        **dict.fromkeys(COLUMNS[2:], (length,)),
        "observations": (observed, widths[0]),
        "actions": (length, widths[1]),
    }
    for name, part in parts.items():
        if part.shape != expected[name] or part.dtype.kind not in "fiub":
            raise ValueError(f"{name} and the episode table disagree")


def _damaged(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(
        f"{path}: damaged dataset file ({reason}); ingest the source again"
    )
