"""LeRobot datasets (v2 and v3): a folder with `meta/info.json` and Parquet files.

`observation.state` and `action` are lists, `episode_index` tells episodes apart, the
frame rate is in the metadata. Videos are left alone. A demonstration that is over has
not terminated: `next.done` and the last frame are read as the end of the recording.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data.readers import TABULAR, Source, parquet
from koopcli.data.table import Table
from koopcli.data.tabular import open_tables
from koopcli.errors import DataError

UNDERSTANDS = (*TABULAR, "obs_keys")
EPISODE = "episode_index"
STATE = "observation.state"
REWARD = "next.reward"
FOR_LEROBOT = ("frame_index", "timestamp", "index", "task_index", "next.done")
"""Columns that say nothing beyond the order of the rows."""


def detect(source: str) -> bool:
    """Whether `source` is the folder of a LeRobot dataset."""
    return (Path(source) / "meta" / "info.json").is_file()


def open_source(source: str, config: IngestConfig) -> Source:
    """Open a LeRobot dataset.

    Raises:
        DataError: It is damaged, or has no vector of observations.
    """
    folder = Path(source)
    info = _info(folder)
    files = tuple(sorted((folder / "data").glob("chunk-*/*.parquet")))
    if not files:
        raise DataError(f"{folder}: no data/chunk-*/*.parquet")
    dt = _sampling_time(info)
    settings: dict[str, Any] = {
        "obs_cols": config.obs_cols or config.obs_keys or (STATE,)
    }
    if config.reward_col is None and REWARD in info.get("features", {}):
        settings["reward_col"] = REWARD
    opened = open_tables(
        lambda: _tables(files),
        (folder / "meta" / "info.json", *files),
        replace(config, **settings),
        dt=dt,
        dt_source="fps of meta/info.json" if dt else "",
    )
    return replace(
        opened,
        observation_names=_named(info, opened.observation_names),
        action_names=_named(info, opened.action_names),
    )


def _info(folder: Path) -> dict[str, Any]:
    path = folder / "meta" / "info.json"
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable ({error})") from error
    if not isinstance(info, dict) or not isinstance(info.get("features", {}), dict):
        raise DataError(f"{path}: not the metadata of a LeRobot dataset")
    return info


def _tables(files: tuple[Path, ...]) -> Iterator[Iterator[Table]]:
    # Rows of an episode may go on in the next file: they are held back until it is seen.
    held: list[Table] = []
    for path in files:
        yield _whole_episodes(path, held, last=path == files[-1])


def _whole_episodes(path: Path, held: list[Table], *, last: bool) -> Iterator[Table]:
    earlier, held[:] = list(held), []
    expected, row = earlier[0].columns if earlier else None, 0
    for piece in chain(earlier, (_useful(path, p) for p in parquet.read(path))):
        if piece.rows == 0:
            continue
        if expected is not None and set(expected) != set(piece.columns):
            differing = sorted(set(expected) ^ set(piece.columns))
            raise DataError(f"{path}: the files differ in {differing}")
        table = Table(path.name, piece.columns, row)
        row += table.rows
        index = table.scalars(EPISODE)
        if held and held[-1].scalars(EPISODE)[-1] != index[0]:
            yield from held
            held.clear()
        changes = np.flatnonzero(index[1:] != index[:-1]) + 1
        if len(changes):
            yield from held
            held.clear()
            yield table.part(slice(0, int(changes[-1])))
            table = table.part(slice(int(changes[-1]), table.rows))
        held.append(table)
    if last:
        yield from held


def _useful(path: Path, table: Table) -> Table:
    if EPISODE not in table.columns:
        raise DataError(f"{path}: no column {EPISODE!r}")
    columns = {n: v for n, v in table.columns.items() if n not in FOR_LEROBOT}
    return Table(table.where, columns, table.first_row)


def _sampling_time(info: dict[str, Any]) -> float | None:
    fps = info.get("fps")
    return 1 / fps if isinstance(fps, int | float) and 0 < fps < 1e9 else None


def _named(info: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    # `action[2]` becomes the name of the motor, where the metadata has one.
    found = []
    for name in names:
        column, _, number = name.rpartition("[")
        feature = info.get("features", {}).get(column, {})
        motors = feature.get("names") if isinstance(feature, dict) else None
        if isinstance(motors, list) and feature.get("shape") == [len(motors)]:
            name = f"{column}.{motors[int(number[:-1])]}"
        found.append(name)
    return tuple(found)
