"""D4RL's flat HDF5: one row per step, episodes glued together.

`observations`, `actions`, `rewards`, `terminals`, and perhaps `timeouts` and
`next_observations`. An episode ends at a terminal, at a time-out, after
`max_episode_steps`, where `next_observations` do not continue in the following row, and
at the end of the file. Only a terminal is a termination; all other ends are truncations.
--obs-keys adds other columns (`infos/qpos`) to the observations, or replaces them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Bool, Int

from koopcli.config.data import IngestConfig
from koopcli.data import boundaries, export_notes, timeouts
from koopcli.data.d4rl_columns import find, find_columns, find_observed, names_of
from koopcli.data.environments import seconds_per_step
from koopcli.data.episode import Episode
from koopcli.data.hdf5_parts import UNREADABLE, check_attributes
from koopcli.data.readers import Source
from koopcli.errors import DataError

UNDERSTANDS = ("obs_keys",)


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
                isinstance(file.get(find(file, name) or ""), h5py.Dataset)
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
            check_attributes(path, file)
            columns = find_columns(path, file)
            observed = find_observed(path, file, columns, config.obs_keys)
            observation_names = names_of(file, columns, observed)
            action_names = names_of(file, columns, (columns["actions"],))
            ends, warnings = _find_ends(path, file, columns, config)
            environment = _environment(file)
            notes = export_notes.parse(file.attrs.get("koopcli"))
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable HDF5 file ({error})") from error
    dt, dt_source = notes.dt, "its export"
    if dt is None and environment:
        dt, dt_source = seconds_per_step(environment), f"environment {environment}"
    return Source(
        observation_names=notes.observations(observation_names),
        action_names=notes.actions(action_names),
        episodes=lambda: _episodes(path, columns, observed, ends),
        files=(path,),
        dt=dt,
        dt_source=dt_source if dt else "",
        warnings=warnings,
    )


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
        now, following = file[columns["observations"]], columns["next_observations"]
        hidden = boundaries.hidden(now, file[following], boundaries.scale(now))
        hidden &= ~ends[:-1]
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
    found = _Ends(rows, terminal[rows])
    if "timeouts" in columns:
        return found, warnings
    corrected = _without_timeouts(found, config.max_episode_steps)
    mistaken = int((found.terminated & ~corrected.terminated).sum())
    if mistaken:
        warnings.append(f"{path.name}: {mistaken} {timeouts.MISTAKEN}")
    return corrected, warnings


def _without_timeouts(found: _Ends, limit: int | None) -> _Ends:
    # A file that cannot say "time-out" may have said "terminal" in its place.
    lengths = np.diff(found.rows, prepend=-1)
    if limit is None:
        ends = zip(lengths.tolist(), found.terminated.tolist(), strict=True)
        limit = timeouts.shared_limit(ends)
    return replace(found, terminated=found.terminated & (lengths != (limit or 0)))


def _flags(path: Path, file: h5py.File, name: str) -> Bool[np.ndarray, " row"]:
    values = file[name][()].reshape(-1)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(f"{path}: {name}[{bad[0]}] is {values[bad[0]]}, not a flag")
    return values.astype(bool)


def _episodes(
    path: Path, columns: dict[str, str], observed: tuple[str, ...], ends: _Ends
) -> Iterator[Episode]:
    try:
        with h5py.File(path, "r") as file:
            # Opened once: a column that is opened anew decompresses its chunk again.
            opened = {key: file[alias] for key, alias in columns.items()}
            seen = [file[name] for name in observed]
            yield from _read(path.name, opened, seen, ends)
    except UNREADABLE as error:
        raise DataError(f"{path}: damaged HDF5 file ({error})") from error


def _read(
    name: str,
    opened: dict[str, h5py.Dataset],
    seen: list[h5py.Dataset],
    ends: _Ends,
) -> Iterator[Episode]:
    # What follows is only known of the observations themselves, not of `infos`.
    alone = seen == [opened["observations"]]
    first = np.concatenate([[0], ends.rows[:-1] + 1])
    for number, (start, last) in enumerate(
        zip(first.tolist(), ends.rows.tolist(), strict=True)
    ):
        rows = slice(start, last + 1)
        parts = [column[rows].reshape(last + 1 - start, -1) for column in seen]
        observations = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        if "next_observations" in opened and alone:
            final = opened["next_observations"][last : last + 1]
            # All NaN: `koopcli export-data` says so that it is unknown.
            if not np.isnan(final).all():
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
