"""D4RL's flat HDF5: one row per step, episodes glued together.

`observations`, `actions`, `rewards`, `terminals`, and perhaps `timeouts` and
`next_observations`. An episode ends at a terminal, at a time-out, after
`max_episode_steps`, where `next_observations` do not continue in the following row, and
at the end of the file. Only a terminal is a termination; all other ends are truncations.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Bool, Int

from koopcli.config import IngestConfig
from koopcli.data import boundaries
from koopcli.data.environments import seconds_per_step
from koopcli.data.episode import Episode
from koopcli.data.hdf5_parts import UNREADABLE, check_size, local
from koopcli.data.names import ALIASES
from koopcli.data.readers import Source
from koopcli.errors import DataError


@dataclass(frozen=True)
class _Ends:
    rows: Int[np.ndarray, " episode"]
    terminated: Bool[np.ndarray, " episode"]


def detect(source: str) -> bool:
    """Whether `source` is an HDF5 file with flat observations and actions."""
    if not Path(source).is_file() or not h5py.is_hdf5(source):
        return False
    if (
        Path(source).suffix.lower() == ".mat"
    ):  # MATLAB 7.3 is HDF5 with the axes reversed
        return False
    try:
        with h5py.File(source, "r") as file:
            return "koopcli_schema" not in file.attrs and all(
                isinstance(file.get(_find(file, name) or ""), h5py.Dataset)
                for name in ("observations", "actions")
            )
    except UNREADABLE:
        # Damaged HDF5: no other reader will do better, and `open_source` says why.
        return True


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a flat HDF5 file.

    Raises:
        DataError: It cannot be read or lacks a required column.
    """
    path = Path(source)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with h5py.File(path, "r") as file:
            columns = _columns(path, file)
            width = {
                name: file[columns[name]].shape[1]
                for name in ("observations", "actions")
            }
            ends, warnings = _find_ends(path, file, columns, config)
            environment = _environment(file)
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable HDF5 file ({error})") from error
    dt = seconds_per_step(environment) if environment else None
    return Source(
        observation_names=tuple(
            f"observation[{i}]" for i in range(width["observations"])
        ),
        action_names=tuple(f"action[{i}]" for i in range(width["actions"])),
        episodes=lambda: _episodes(path, columns, ends),
        files=(path,),
        dt=dt,
        dt_source=f"environment {environment}" if dt else "",
        warnings=warnings,
    )


def _find(file: h5py.File, name: str) -> str | None:
    return next((a for a in ALIASES[name] if local(file, a) is not None), None)


def _columns(path: Path, file: h5py.File) -> dict[str, str]:
    found = {name: _find(file, name) for name in ALIASES}
    columns = {name: alias for name, alias in found.items() if alias is not None}
    for name in ("observations", "actions", "terminals"):
        if name not in columns:
            raise DataError(
                f"{path}: no {name!r} (looked for {', '.join(ALIASES[name])}); "
                "is this a D4RL file?"
            )
    rows = None
    for name, alias in columns.items():
        column = file[alias]
        if not isinstance(column, h5py.Dataset) or column.dtype.kind not in "fiub":
            raise DataError(f"{path}: {alias!r} is not an array of numbers")
        check_size(path, column)
        autonomous = name == "actions" and column.shape[1:] == (0,)
        if 0 in column.shape[:1] or (column.size == 0 and not autonomous):
            raise DataError(f"{path}: {alias!r} is empty (shape {column.shape})")
        wide = name in ("observations", "actions", "next_observations")
        shape = column.shape
        if len(shape) != 2 if wide else not (len(shape) == 1 or shape[1:] == (1,)):
            expected = "two axes (rows, columns)" if wide else "one axis"
            raise DataError(f"{path}: {alias!r} has shape {shape}, expected {expected}")
        rows = shape[0] if rows is None else rows
        if shape[0] != rows:
            raise DataError(
                f"{path}: {alias!r} has {shape[0]} rows, {columns['observations']!r} "
                f"has {rows}"
            )
    if "next_observations" in columns:
        wide_names = (columns["observations"], columns["next_observations"])
        if file[wide_names[0]].shape != file[wide_names[1]].shape:
            raise DataError(
                f"{path}: {wide_names[0]!r} and {wide_names[1]!r} differ in shape"
            )
    return columns


def _find_ends(
    path: Path, file: h5py.File, columns: dict[str, str], config: IngestConfig
) -> tuple[_Ends, list[str]]:
    terminal = _flags(path, file, columns["terminals"])
    ends = terminal.copy()
    warnings = []
    if "timeouts" in columns:
        ends |= _flags(path, file, columns["timeouts"])
    elif config.max_episode_steps is None:
        warnings.append(
            f"{path.name}: no time-outs are marked; if the environment has a time limit, "
            "give --max-episode-steps"
        )
    if "next_observations" in columns:
        now, following = columns["observations"], columns["next_observations"]
        hidden = boundaries.hidden(file[now], file[following]) & ~ends[:-1]
        if hidden.any():
            first = int(np.flatnonzero(hidden)[0])
            warnings.append(
                f"{path.name}: {hidden.sum()} hidden episode boundaries: "
                f"next_observations do not continue in the following row (first after "
                f"row {first}); the episodes were split there"
            )
        ends[:-1] |= hidden
    if not ends[-1]:
        warnings.append(
            f"{path.name}: the last episode is cut by the end of the recording"
        )
        ends[-1] = True
    if config.max_episode_steps is not None:
        ends |= boundaries.time_limits(ends, config.max_episode_steps)
    rows = np.flatnonzero(ends)
    return _Ends(rows, terminal[rows]), warnings


def _flags(path: Path, file: h5py.File, name: str) -> Bool[np.ndarray, " row"]:
    values = file[name][()].reshape(-1)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(f"{path}: {name}[{bad[0]}] is {values[bad[0]]}, not a flag")
    return values.astype(bool)


def _episodes(path: Path, columns: dict[str, str], ends: _Ends) -> Iterator[Episode]:
    try:
        with h5py.File(path, "r") as file:
            yield from _read(file, path.name, columns, ends)
    except UNREADABLE as error:
        raise DataError(f"{path}: damaged HDF5 file ({error})") from error


def _read(
    file: h5py.File, name: str, columns: dict[str, str], ends: _Ends
) -> Iterator[Episode]:
    # Opened once: a column that is opened anew decompresses its chunk again.
    opened = {key: file[alias] for key, alias in columns.items()}
    first = np.concatenate([[0], ends.rows[:-1] + 1])
    for number, (start, last) in enumerate(
        zip(first.tolist(), ends.rows.tolist(), strict=True)
    ):
        rows = slice(start, last + 1)
        observations = opened["observations"][rows]
        if "next_observations" in opened:
            final = opened["next_observations"][last : last + 1]
            observations = np.concatenate([observations, final])
        steps = last + 1 - start
        terminations, truncations = np.zeros(steps, bool), np.zeros(steps, bool)
        terminations[-1] = ends.terminated[number]
        truncations[-1] = not ends.terminated[number]
        if "timeouts" in opened:
            truncations[-1] |= bool(opened["timeouts"][last].reshape(-1)[0])
        rewards = opened.get("rewards")
        yield Episode(
            observations=observations,
            actions=opened["actions"][rows],
            rewards=None if rewards is None else rewards[rows].reshape(-1),
            terminations=terminations,
            truncations=truncations,
            source=f"{name}: episode {number} (rows {start}-{last})",
        )


def _environment(file: h5py.File) -> str:
    try:
        meta = json.loads(file.attrs.get("meta", "{}"))
        return str(meta.get("env_id") or file.attrs.get("env_id", ""))
    except (ValueError, AttributeError, TypeError):
        return ""
