"""The dataset file: reading it back, with every promise checked.

Flat columns with offsets, so that a window is one contiguous slice. The layout is
described in docs/reference/data-format.md; `koopcli.data.writer` writes it.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import DTypeLike

from koopcli import delays
from koopcli.data.columns import Column, blocks
from koopcli.data.hdf5_parts import check_attributes
from koopcli.data.statistics import ColumnStatistics, Statistics
from koopcli.delays import Delays
from koopcli.errors import DataError

SCHEMA = "koopcli.dataset"
SCHEMA_VERSION = 1
SPLITS = ("train", "val", "test")
HELD_BYTES = 256 * 1024 * 1024
"""Columns that take more than this together stay on disk; rows are read when needed."""


@dataclass(frozen=True)
class Dataset:
    """A dataset file: its tables in memory, its columns too unless they are large.

    Attributes:
        path: The file.
        observations: All episodes' observations, one after the other.
        actions: All episodes' actions; no columns for autonomous data.
        rewards: One per step, or None.
        terminations: Whether the environment ended at the step.
        truncations: Whether the recording was cut at the step.
        lengths: Steps of each episode.
        observation_starts: First row of each episode in `observations`.
        step_starts: First row of each episode in the other columns.
        last_observation_known: Whether an episode has one observation more than steps.
        sources: Where each episode came from.
        splits: Episode numbers of `train`, `val` and `test`.
        statistics: Of the training split alone.
        dt: Seconds between two observations.
        dt_known: False when `dt` is a placeholder of 1.
        observation_names: One per column.
        action_names: One per column.
        provenance: How the file was made.
        delays: Which columns are samples of the past; None if none are.
    """

    path: Path
    observations: Float[np.ndarray, "_row state"] | Column
    actions: Float[np.ndarray, "_step action"] | Column
    rewards: Float[np.ndarray, " _step"] | Column | None
    terminations: Bool[np.ndarray, " _step"] | Column
    truncations: Bool[np.ndarray, " _step"] | Column
    lengths: Int[np.ndarray, " _episode"]
    observation_starts: Int[np.ndarray, " _episode"]
    step_starts: Int[np.ndarray, " _episode"]
    last_observation_known: Bool[np.ndarray, " _episode"]
    sources: tuple[str, ...]
    splits: dict[str, np.ndarray]
    statistics: Statistics
    dt: float
    dt_known: bool
    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    provenance: dict[str, Any]
    delays: Delays | None = None

    @property
    def output_statistics(self) -> Statistics:
        """Statistics of the training split, of the observations at present alone."""
        observations = self.statistics.observations.first(len(self.output_names))
        return replace(self.statistics, observations=observations)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the observations at present: all, unless some are of the past."""
        return self.observation_names if self.delays is None else self.delays.outputs

    @cached_property
    def transitions(self) -> Int[np.ndarray, " _episode"]:
        """Steps whose resulting observation is known, per episode."""
        return self.lengths - (~self.last_observation_known).astype(np.int64)


def load(path: Path, *, held: int = HELD_BYTES) -> Dataset:
    """Read and check a dataset file, all of it, part by part.

    Args:
        path: The file.
        held: Bytes that its columns may take in memory; if they are larger, they are
            `Column`s, whose rows are read when they are asked for.

    Raises:
        DataError: It is missing, damaged, foreign, or of another version.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; `koopcli ingest` makes a dataset file")
    try:
        with h5py.File(path, "r") as file:
            check_attributes(path, file)
            _check_schema(path, file)
            dataset = _read(path, file, held)
            _check(dataset)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{path}: not a readable koopcli dataset file ({reason}); "
            "make one with `koopcli ingest`"
        ) from error
    return dataset


def _check_schema(path: Path, file: h5py.File) -> None:
    if file.attrs.get("koopcli_schema") != SCHEMA:
        raise DataError(
            f"{path}: an HDF5 file, but not a koopcli dataset; run "
            f"`koopcli ingest {path} --output data.h5` first"
        )
    version = int(file.attrs["schema_version"])
    if version != SCHEMA_VERSION:
        raise DataError(
            f"{path}: dataset schema version {version}; this koopcli reads version "
            f"{SCHEMA_VERSION}; ingest the source again"
        )


def _read(path: Path, file: h5py.File, held: int) -> Dataset:
    episodes, statistics = file["episodes"], file["statistics"]
    has_rewards = "rewards" in file
    numbers = ["observations", "actions", *(["rewards"] if has_rewards else [])]
    size = sum(4 * _stored(file, name).size for name in numbers)
    read = _array if size <= held else _column
    observations = read(file, "observations", 2, np.float32)
    actions = read(file, "actions", 2, np.float32)
    return Dataset(
        path=path,
        observations=observations,
        actions=actions,
        rewards=read(file, "rewards", 1, np.float32) if has_rewards else None,
        terminations=read(file, "terminations", 1, bool),
        truncations=read(file, "truncations", 1, bool),
        lengths=_array(episodes, "length", 1, np.int64),
        observation_starts=_array(episodes, "observation_start", 1, np.int64),
        step_starts=_array(episodes, "step_start", 1, np.int64),
        last_observation_known=_array(episodes, "last_observation_known", 1, bool),
        sources=tuple(episodes["source"].asstr()[()].tolist()),
        splits={name: _array(file["splits"], name, 1, np.int64) for name in SPLITS},
        statistics=Statistics(
            observations=_columns(statistics["observations"], observations.shape[1]),
            actions=_columns(statistics["actions"], actions.shape[1]),
            rewards=_columns(statistics["rewards"], 1) if has_rewards else None,
        ),
        dt=float(file.attrs["dt"]),
        dt_known=bool(file.attrs["dt_known"]),
        observation_names=tuple(json.loads(file.attrs["observation_names"])),
        action_names=tuple(json.loads(file.attrs["action_names"])),
        provenance=json.loads(file.attrs["provenance"]),
        delays=delays.parse(json.loads(file.attrs.get("delays", "null"))),
    )


def _array(group: h5py.Group, name: str, axes: int, dtype: DTypeLike) -> np.ndarray:
    return np.asarray(_stored(group, name, axes)[()]).astype(dtype, copy=False)


def _column(file: h5py.File, name: str, axes: int, dtype: DTypeLike) -> Column:
    return Column(Path(file.filename), name, _stored(file, name, axes).shape, dtype)


def _stored(group: h5py.Group, name: str, axes: int | None = None) -> h5py.Dataset:
    stored = group[name]
    if not isinstance(stored, h5py.Dataset):
        raise ValueError(f"{stored.name} is a group")
    if axes is not None and stored.ndim != axes:
        raise ValueError(f"{stored.name} has {stored.ndim} axes, expected {axes}")
    return stored


def _columns(group: h5py.Group, width: int) -> ColumnStatistics:
    names = ("mean", "std", "min", "max")
    arrays = {name: _array(group, name, 1, np.float64) for name in names}
    for name, values in arrays.items():
        if values.shape != (width,) or not np.isfinite(values).all():
            raise ValueError(f"{group[name].name} is not {width} finite numbers")
    return ColumnStatistics(count=int(group["count"][()]), **arrays)


def _check(dataset: Dataset) -> None:
    # The offsets are what keeps a window inside its episode: verify, do not trust.
    lengths, known = dataset.lengths, dataset.last_observation_known
    if not len(lengths) == len(known) == len(dataset.sources):
        raise _damaged(dataset, "the columns of the episode table differ in length")
    rows = lengths + known
    steps = int(lengths.sum())
    columns = [dataset.actions, dataset.terminations, dataset.truncations]
    columns += [] if dataset.rewards is None else [dataset.rewards]
    chosen = np.concatenate([dataset.splits[name] for name in SPLITS])
    ends = np.cumsum(rows)
    step_ends = np.cumsum(lengths)
    problems = {
        "it holds no episode": len(lengths) == 0,
        "an episode has no step": (lengths < 1).any(),
        "episode offsets do not match their lengths": not (
            np.array_equal(dataset.observation_starts, ends - rows)
            and np.array_equal(dataset.step_starts, step_ends - lengths)
        ),
        "columns and episode lengths disagree": len(dataset.observations) != rows.sum()
        or any(len(column) != steps for column in columns),
        "an episode is in no or in several splits": not np.array_equal(
            np.sort(chosen), np.arange(len(lengths))
        ),
        "column names and columns disagree": len(dataset.observation_names)
        != dataset.observations.shape[1]
        or len(dataset.action_names) != dataset.actions.shape[1],
        "the record of the delays and the columns disagree": dataset.delays is not None
        and not dataset.delays.describes(dataset.observation_names),
        "dt is not positive and finite": not 0 < dataset.dt < np.inf,
    }
    for problem, found in problems.items():
        if found:
            raise _damaged(dataset, problem)
    # Last, when the sizes are known to be right: this reads everything.
    for column in (dataset.observations, *columns):
        if not all(np.isfinite(column[block]).all() for block in blocks(column)):
            raise _damaged(dataset, "it holds NaN or infinite values")


def _damaged(dataset: Dataset, problem: str) -> DataError:
    return DataError(f"{dataset.path}: damaged: {problem}; ingest the source again")
