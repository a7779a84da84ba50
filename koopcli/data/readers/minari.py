"""Minari datasets, by id or path, HDF5 and Arrow storage; no environment is created.

Observations and actions of Dict and Tuple spaces are flattened in the order of the space
(Gymnasium sorts Dict keys), recorded in the column names. Discrete values become one-hot
columns. Images and text are refused.
"""

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config import IngestConfig
from koopcli.data.environments import seconds_per_step
from koopcli.data.episode import Episode
from koopcli.data.readers import Source
from koopcli.errors import DataError

METADATA = "metadata.json"


@dataclass(frozen=True)
class _Leaf:
    # One Box or Discrete inside a space: where it is, and how it becomes columns.
    path: tuple[str | int, ...]
    shape: tuple[int, ...]
    choices: int
    start: int

    def columns(self, values: np.ndarray) -> np.ndarray:
        if self.choices:
            index = np.asarray(values).reshape(-1).astype(np.int64) - self.start
            if ((index < 0) | (index >= self.choices)).any():
                where = ".".join(map(str, self.path)) or "a value"
                raise ValueError(
                    f"{where} is outside its Discrete({self.choices}, "
                    f"start={self.start})"
                )
            return np.eye(self.choices)[index]
        return np.asarray(values).reshape(len(values), -1)

    def names(self, root: str) -> list[str]:
        prefix = ".".join(map(str, self.path)) or root
        if self.choices:
            return [
                f"{prefix}=={self.start + choice}" for choice in range(self.choices)
            ]
        return [f"{prefix}[{','.join(map(str, i))}]" for i in np.ndindex(*self.shape)]


def detect(source: str) -> bool:
    """Whether `source` is a Minari folder, or an id under MINARI_DATASETS_PATH."""
    return _folder(source) is not None


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a Minari dataset.

    Raises:
        DataError: It is not there, damaged, or holds images, text or graphs.
    """
    folder = _folder(source)
    if folder is None:
        raise DataError(
            f"{source}: no Minari dataset here or under MINARI_DATASETS_PATH "
            "(`minari list local` shows what is there)"
        )
    meta = _metadata(folder)
    observation = _leaves(
        _space(folder, meta, "observation_space"), f"{source}: observation"
    )
    action = _leaves(_space(folder, meta, "action_space"), f"{source}: action")
    dt, dt_source = _sampling_time(meta)
    return Source(
        observation_names=_names(observation, "observation"),
        action_names=_names(action, "action"),
        episodes=lambda: _episodes(source, folder, observation, action),
        files=tuple(sorted(path for path in folder.rglob("*") if path.is_file())),
        dt=dt,
        dt_source=dt_source,
    )


def _folder(source: str) -> Path | None:
    candidates = [Path(source), Path(source) / "data"]
    if not Path(source).is_absolute():
        from minari.storage.datasets_root_dir import get_dataset_path

        candidates.append(Path(get_dataset_path(source)) / "data")
    return next((path for path in candidates if (path / METADATA).is_file()), None)


def _metadata(folder: Path) -> dict[str, Any]:
    try:
        meta = json.loads((folder / METADATA).read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"{folder / METADATA}: not readable ({error})") from error
    if not isinstance(meta, dict) or "data_format" not in meta:
        raise DataError(f"{folder / METADATA}: not the metadata of a Minari dataset")
    return meta


def _space(folder: Path, meta: dict[str, Any], name: str) -> Any:
    from minari.serialization import deserialize_space

    # Minari itself would create the environment to find a missing space; its packages
    # may not be installed here.
    if name not in meta:
        raise DataError(
            f"{folder / METADATA}: no {name}; recreate the dataset with a Minari that "
            "stores its spaces"
        )
    try:
        return deserialize_space(meta[name])
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise DataError(f"{folder / METADATA}: damaged {name} ({error})") from error


def _leaves(space: Any, where: str, path: tuple[str | int, ...] = ()) -> list[_Leaf]:
    from gymnasium import spaces

    match space:
        case spaces.Dict():
            parts = [_leaves(part, where, (*path, key)) for key, part in space.items()]
            return [leaf for part in parts for leaf in part]
        case spaces.Tuple():
            parts = [_leaves(part, where, (*path, i)) for i, part in enumerate(space)]
            return [leaf for part in parts for leaf in part]
        case spaces.Discrete():
            return [_Leaf(path, (), int(space.n), int(space.start))]
        case spaces.MultiBinary() | spaces.MultiDiscrete():
            return [_Leaf(path, tuple(space.shape), 0, 0)]
        case spaces.Box():
            if space.dtype == np.uint8 and len(space.shape) >= 2:
                raise DataError(
                    f"{where} {'.'.join(map(str, path))} holds images "
                    f"{space.shape}; koopcli models state vectors"
                )
            return [_Leaf(path, tuple(space.shape), 0, 0)]
    raise DataError(
        f"{where} {'.'.join(map(str, path))} has the space {type(space).__name__}, "
        "which is not a vector of numbers"
    )


def _names(leaves: list[_Leaf], root: str) -> tuple[str, ...]:
    return tuple(name for leaf in leaves for name in leaf.names(root))


def _sampling_time(meta: dict[str, Any]) -> tuple[float | None, str]:
    for key, invert in (("dt", False), ("fps", True)):
        value = meta.get(key)
        if isinstance(value, int | float) and value > 0:
            return (1 / value if invert else float(value)), f"metadata {key}"
    try:
        environment = json.loads(meta.get("env_spec") or "{}").get("id", "")
    except ValueError:
        return None, ""
    dt = seconds_per_step(environment)
    return dt, f"environment {environment}" if dt else ""


def _episodes(
    source: str, folder: Path, observation: list[_Leaf], action: list[_Leaf]
) -> Iterator[Episode]:
    from minari.dataset.minari_storage import MinariStorage

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions; what matters is checked
            storage = MinariStorage.read(folder)
        for index in range(storage.total_episodes):
            [raw] = storage.get_episodes([index])
            yield _episode(
                f"{source}: episode {raw.get('id', index)}", raw, observation, action
            )
    except (
        OSError,
        KeyError,
        ValueError,
        IndexError,
        TypeError,
        AssertionError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{source}: damaged Minari storage ({reason})") from error


def _episode(
    where: str, raw: dict[str, Any], observation: list[_Leaf], action: list[_Leaf]
) -> Episode:
    return Episode(
        observations=_flatten(raw["observations"], observation),
        actions=_flatten(raw["actions"], action),
        rewards=np.asarray(raw["rewards"]).reshape(-1),
        terminations=np.asarray(raw["terminations"]).reshape(-1).astype(bool),
        truncations=np.asarray(raw["truncations"]).reshape(-1).astype(bool),
        source=where,
    )


def _flatten(values: Any, leaves: list[_Leaf]) -> np.ndarray:
    columns = []
    for leaf in leaves:
        part = values
        for key in leaf.path:
            part = part[key]
        columns.append(leaf.columns(part))
    return np.concatenate(columns, axis=1)
