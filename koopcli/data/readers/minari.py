"""Minari datasets, by id or path, HDF5 and Arrow storage; no environment is created.

Observations and actions of Dict and Tuple spaces are flattened in the order of the space
(Gymnasium sorts Dict keys), recorded in the column names. Discrete values become one-hot
columns. Images and text are refused, unless --obs-keys leaves them out.
"""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data import export_notes
from koopcli.data.environments import seconds_per_step
from koopcli.data.episode import Episode
from koopcli.data.hdf5_parts import check_whole
from koopcli.data.minari_spaces import Leaf, flatten, leaves, names
from koopcli.data.readers import Source
from koopcli.errors import DataError

UNDERSTANDS = ("obs_keys",)
METADATA = "metadata.json"


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
    observation = leaves(
        _space(folder, meta, "observation_space"),
        f"{source}: observation",
        wanted=config.obs_keys,
    )
    action = leaves(_space(folder, meta, "action_space"), f"{source}: action")
    dt, dt_source = _sampling_time(meta)
    notes = export_notes.parse(meta.get("koopcli"))

    def episodes() -> Iterator[Episode]:
        for episode in _episodes(source, folder, observation, action):
            yield episode if notes.rewards else replace(episode, rewards=None)

    return Source(
        observation_names=notes.observations(names(observation, "observation")),
        action_names=notes.actions(names(action, "action")),
        episodes=episodes,
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
    source: str, folder: Path, observation: list[Leaf], action: list[Leaf]
) -> Iterator[Episode]:
    from minari.dataset.minari_storage import MinariStorage

    for file in sorted(folder.rglob("*.hdf5")):
        check_whole(file)
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
    where: str, raw: dict[str, Any], observation: list[Leaf], action: list[Leaf]
) -> Episode:
    return Episode(
        observations=flatten(raw["observations"], observation),
        actions=flatten(raw["actions"], action),
        rewards=np.asarray(raw["rewards"]).reshape(-1),
        terminations=np.asarray(raw["terminations"]).reshape(-1).astype(bool),
        truncations=np.asarray(raw["truncations"]).reshape(-1).astype(bool),
        source=where,
    )
