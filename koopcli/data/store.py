"""The dataset file: reading it back, with every promise checked.

Flat columns with offsets, so that a window is one contiguous slice. The layout is
described in docs/reference/data-format.md; `koopcli.data.writer` writes it.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import DTypeLike

from koopcli.data.statistics import ColumnStatistics, Statistics
from koopcli.errors import DataError

SCHEMA = "koopcli.dataset"
SCHEMA_VERSION = 1
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Dataset:
    """A dataset file in memory.

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
    """

    path: Path
    observations: Float[np.ndarray, "_row state"]
    actions: Float[np.ndarray, "_step action"]
    rewards: Float[np.ndarray, " _step"] | None
    terminations: Bool[np.ndarray, " _step"]
    truncations: Bool[np.ndarray, " _step"]
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

    @cached_property
    def transitions(self) -> Int[np.ndarray, " _episode"]:
        """Steps whose resulting observation is known, per episode."""
        return self.lengths - (~self.last_observation_known).astype(np.int64)


def load(path: Path) -> Dataset:
    """Read and check a dataset file.

    Raises:
        DataError: It is missing, damaged, foreign, or of another version.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; `koopcli ingest` makes a dataset file")
    try:
        with h5py.File(path, "r") as file:
            _check_schema(path, file)
            dataset = _read(path, file)
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{path}: not a readable koopcli dataset file ({reason}); "
            "make one with `koopcli ingest`"
        ) from error
    _check(dataset)
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


def _read(path: Path, file: h5py.File) -> Dataset:
    episodes, statistics = file["episodes"], file["statistics"]
    has_rewards = "rewards" in file
    observations = _array(file, "observations", 2, np.float32)
    actions = _array(file, "actions", 2, np.float32)
    return Dataset(
        path=path,
        observations=observations,
        actions=actions,
        rewards=_array(file, "rewards", 1, np.float32) if has_rewards else None,
        terminations=_array(file, "terminations", 1, bool),
        truncations=_array(file, "truncations", 1, bool),
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
    )


def _array(group: h5py.Group, name: str, axes: int, dtype: DTypeLike) -> np.ndarray:
    values = np.asarray(group[name][()])
    if values.ndim != axes:
        raise ValueError(f"{group[name].name} has {values.ndim} axes, expected {axes}")
    return values.astype(dtype, copy=False)


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
        "dt is not positive and finite": not 0 < dataset.dt < np.inf,
        "it holds NaN or infinite values": not all(
            np.isfinite(column).all() for column in (dataset.observations, *columns)
        ),
    }
    for problem, found in problems.items():
        if found:
            raise _damaged(dataset, problem)


def _damaged(dataset: Dataset, problem: str) -> DataError:
    return DataError(f"{dataset.path}: damaged: {problem}; ingest the source again")
