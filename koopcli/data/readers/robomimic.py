"""robomimic's and robosuite's HDF5: one group `data/demo_k` per episode.

`obs/<key>` and `next_obs/<key>`, `actions`, `rewards`, `dones`, and lists of demos under
`mask/<filter>`. Two faults of existing files are undone and counted: a last next
observation that is only a copy of the last observation, and `dones` at time-outs. In
robosuite, `dones` mark a success or the end of the recording; its tasks never end.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import timeouts
from koopcli.data.environments import seconds_per_step, time_limit
from koopcli.data.episode import Episode
from koopcli.data.hdf5_parts import UNREADABLE, check_attributes, check_size, local
from koopcli.data.readers import Source
from koopcli.data.remarks import Remarks
from koopcli.data.row_ranges import SPLITS
from koopcli.errors import DataError

UNDERSTANDS = ("obs_keys",)
COPIED = "demos end with a copied observation instead of the next one: it is unknown"
NO_ENDS = "dones are no terminations (robosuite marks successes): read as truncations"
ROBOSUITE = 1
"""robomimic's number for this kind of environment; those of kind 2 are Gym's."""


@dataclass(frozen=True)
class _Plan:
    demos: tuple[str, ...]
    keys: tuple[str, ...]
    splits: dict[str, str]
    limit: int | None
    endless: bool


def detect(source: str) -> bool:
    """Whether `source` is an HDF5 file with demos."""
    if not Path(source).is_file() or not h5py.is_hdf5(source):
        return False
    try:
        with h5py.File(source, "r") as file:
            data = local(file, "data", h5py.Group)
            return data is not None and bool(_demos(data))
    except UNREADABLE:
        return False


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a file of demos.

    Raises:
        DataError: It cannot be read, or a demo lacks what every episode needs.
    """
    path = Path(source)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    warnings: list[str] = []
    try:
        with h5py.File(path, "r") as file:
            data = local(file, "data", h5py.Group)
            if data is None or not _demos(data):
                raise DataError(f"{path}: no data/demo_0; is this a robomimic file?")
            check_attributes(path, data)
            environment, kind = _environment(data)
            demos = _demos(data)
            first = data[demos[0]]
            keys = _keys(path, first, config, warnings)
            plan = _Plan(
                demos=demos,
                keys=keys,
                splits=_masks(path, file, demos, warnings),
                limit=config.max_episode_steps or time_limit(environment),
                endless=kind == ROBOSUITE,
            )
            names = tuple(name for key in keys for name in _names(first, key))
            width = _array(path, first, "actions").shape[1]
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable HDF5 file ({error})") from error
    dt = seconds_per_step(environment) if environment else None
    return Source(
        observation_names=names,
        action_names=tuple(f"action[{i}]" for i in range(width)),
        episodes=lambda: _episodes(path, plan, warnings),
        files=(path,),
        dt=dt,
        dt_source=f"environment {environment}" if dt else "",
        warnings=warnings,
    )


def _demos(data: h5py.Group) -> tuple[str, ...]:
    found = [
        (int(match.group(1)), name)
        for name in data
        if (match := re.fullmatch(r"demo_(\d{1,9})", name))
        and local(data, name, h5py.Group) is not None
    ]
    return tuple(name for _, name in sorted(found))


def _environment(data: h5py.Group) -> tuple[str, int | None]:
    try:
        meta = json.loads(data.attrs.get("env_args", "{}"))
        return str(meta.get("env_name", "")), meta.get("type")
    except (ValueError, AttributeError, TypeError):
        return "", None


def _keys(
    path: Path, demo: h5py.Group, config: IngestConfig, warnings: list[str]
) -> tuple[str, ...]:
    group = local(demo, "obs", h5py.Group)
    if group is None:
        raise DataError(
            f"{path}: {demo.name} has no 'obs'; extract observations from the simulator "
            "states first (robomimic's dataset_states_to_obs.py)"
        )
    there = [key for key in group if local(group, key, h5py.Dataset) is not None]
    for key in config.obs_keys:
        if key not in there:
            raise DataError(
                f"{path}: --obs-keys: no {key!r}; there are {', '.join(there)}"
            )
        if group[key].ndim > 2:
            raise DataError(
                f"{path}: obs/{key} holds images {group[key].shape[1:]}; koopcli models "
                "state vectors"
            )
    if config.obs_keys:
        return config.obs_keys
    vectors = tuple(key for key in there if group[key].ndim <= 2)
    images = [key for key in there if group[key].ndim > 2]
    if images:
        warnings.append(f"images were left out: {', '.join(images)}")
    if not vectors:
        raise DataError(f"{path}: {demo.name}/obs holds no vectors, only {images}")
    return vectors


def _masks(
    path: Path, file: h5py.File, demos: tuple[str, ...], warnings: list[str]
) -> dict[str, str]:
    # Filters that are called like splits; others (such as 20_percent) overlap freely.
    group = local(file, "mask", h5py.Group)
    found: dict[str, str] = {}
    for name in group or ():
        if name.lower() not in SPLITS:
            warnings.append(f"mask/{name} is no split: not used")
            continue
        for raw in np.asarray(group[name][()]).reshape(-1).tolist():
            demo = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
            if demo not in demos:
                raise DataError(
                    f"{path}: mask/{name} names {demo!r}, which is not there"
                )
            if found.setdefault(demo, SPLITS[name.lower()]) != SPLITS[name.lower()]:
                raise DataError(f"{path}: {demo} is in mask/{name} and another split")
    return found


def _names(demo: h5py.Group, key: str) -> list[str]:
    shape = demo[f"obs/{key}"].shape
    width = shape[1] if len(shape) > 1 else 1
    # A single flat vector is called as in other formats, so that files agree.
    root = "observation" if key == "flat" else key
    return [f"{root}[{i}]" for i in range(width)]


def _array(path: Path, group: h5py.Group, name: str) -> np.ndarray:
    parent, _, leaf = name.rpartition("/")
    holder = group if not parent else local(group, parent, h5py.Group)
    dataset = None if holder is None else local(holder, leaf, h5py.Dataset)
    if dataset is None:
        raise DataError(f"{path}: {group.name} has no {name!r}")
    if dataset.dtype.kind not in "fiub" or dataset.ndim not in (1, 2):
        raise DataError(
            f"{path}: {group.name}/{name} is not an array of vectors "
            f"(shape {dataset.shape}, {dataset.dtype})"
        )
    check_size(path, dataset)
    values = np.asarray(dataset[()])
    return values.reshape(len(values), -1)


def _episodes(path: Path, plan: _Plan, warnings: list[str]) -> Iterator[Episode]:
    remarks = Remarks()
    try:
        with h5py.File(path, "r") as file:
            for name in plan.demos:
                episode = _episode(path, file["data"][name], name, plan, remarks)
                yield replace(episode, split=plan.splits.get(name))
    except UNREADABLE as error:
        raise DataError(f"{path}: damaged HDF5 file ({error})") from error
    warnings += remarks.lines()


def _episode(
    path: Path, demo: h5py.Group, name: str, plan: _Plan, remarks: Remarks
) -> Episode:
    source = f"{path.name}: {name}"
    observations = _joined(path, demo, "obs", plan.keys)
    actions = _array(path, demo, "actions")
    if "next_obs" in demo and len(observations):
        following = _joined(path, demo, "next_obs", plan.keys)
        if len(following) != len(observations):
            raise DataError(f"{source}: obs and next_obs differ in length")
        if _copied(observations, following):
            remarks.count(COPIED, source)
        else:
            observations = np.concatenate([observations, following[-1:]])
    done = "dones" in demo and bool(_array(path, demo, "dones")[-1:].any())
    last = np.arange(len(actions)) == len(actions) - 1
    if done and plan.endless:
        remarks.count(NO_ENDS, source)
        done = False
    rewards = _array(path, demo, "rewards").reshape(-1) if "rewards" in demo else None
    episode = Episode(
        observations=_as_float(observations),
        actions=_as_float(actions),
        rewards=None if rewards is None else _as_float(rewards),
        terminations=last & done,
        truncations=last & (not done),
        source=source,
    )
    if timeouts.is_mistaken(episode, plan.limit):
        remarks.count(timeouts.MISTAKEN, source)
        return timeouts.corrected(episode)
    return episode


def _joined(
    path: Path, demo: h5py.Group, group: str, keys: tuple[str, ...]
) -> np.ndarray:
    parts = [_array(path, demo, f"{group}/{key}") for key in keys]
    for key, part in zip(keys, parts, strict=True):
        if len(part) != len(parts[0]):
            raise DataError(
                f"{path}: {demo.name}/{group}/{key} has {len(part)} rows, "
                f"{keys[0]} has {len(parts[0])}"
            )
    return np.concatenate(parts, axis=1)


def _copied(observations: np.ndarray, following: np.ndarray) -> bool:
    # A system that stands still repeats itself truly; one that just moved does not.
    still = len(observations) > 1 and np.array_equal(observations[-1], observations[-2])
    return not still and np.array_equal(following[-1], observations[-1])


def _as_float(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind == "f" else values.astype(np.float64)
