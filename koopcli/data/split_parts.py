"""The part of a dataset file that depends on the split: its episodes and statistics."""

from collections.abc import Iterator

import h5py
import numpy as np

from koopcli.data.statistics import Accumulator, ColumnStatistics

BLOCK_ROWS = 65_536


def write(
    file: h5py.File, splits: dict[str, np.ndarray]
) -> dict[str, ColumnStatistics]:
    """Write the splits, and the statistics of the training split, into a dataset file.

    Its columns and its episode table must be there already.
    """
    for name, episodes in splits.items():
        file[f"splits/{name}"] = episodes.astype(np.int64)
    statistics = _of_training(file, splits["train"])
    for name, columns in statistics.items():
        group = file.create_group(f"statistics/{name}")
        for key in ("count", "mean", "std", "min", "max"):
            group[key] = getattr(columns, key)
        group["constant"] = np.flatnonzero(columns.constant)
    return statistics


def _of_training(file: h5py.File, train: np.ndarray) -> dict[str, ColumnStatistics]:
    table = {name: values[()] for name, values in file["episodes"].items()}
    rows = table["length"] + table["last_observation_known"]
    result: dict[str, ColumnStatistics] = {}
    for name in ("observations", "actions", "rewards"):
        if name not in file:
            continue
        wide = name == "observations"
        first = table["observation_start" if wide else "step_start"]
        count = rows if wide else table["length"]
        columns = file[name]
        accumulator = Accumulator(columns.shape[1] if columns.ndim > 1 else 1)
        # Episodes that follow each other are read together: there may be many short ones.
        for run in _runs(train):
            last = run[-1]
            stop = int(first[last] + count[last])
            for block in _blocks(int(first[run[0]]), stop):
                values = columns[block]
                accumulator.add(values.reshape(len(values), accumulator.mean.size))
        result[name] = accumulator.result()
    return result


def _runs(episodes: np.ndarray) -> list[np.ndarray]:
    cuts = np.flatnonzero(np.diff(episodes) != 1) + 1
    return np.split(episodes, cuts) if len(episodes) else []


def _blocks(first: int, stop: int) -> Iterator[slice]:
    for start in range(first, stop, BLOCK_ROWS):
        yield slice(start, min(start + BLOCK_ROWS, stop))
