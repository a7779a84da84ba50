"""Split a dataset file anew: the same episodes, other splits and training statistics."""

import json
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from koopcli import __version__, hdf5
from koopcli.config.data import SplitConfig
from koopcli.data import split_lists, split_parts, store, suspicions
from koopcli.data.split import by_group, k_fold, split
from koopcli.data.store import Dataset
from koopcli.errors import DataError
from koopcli.files import replacing

REPLACED = ("splits", "statistics")
"""What depends on the split; the rest of the file is copied as it is."""


@dataclass(frozen=True, kw_only=True)
class SplitReport:
    """Episodes and steps of each split, and what looks wrong."""

    episodes: dict[str, int]
    steps: dict[str, int]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def resplit(
    path: Path,
    output: Path,
    config: SplitConfig,
    *,
    lists: Path | None = None,
    command: str = "",
) -> SplitReport:
    """Write the episodes of a dataset file with other splits.

    Args:
        path: The dataset file.
        output: The file to write, perhaps `path` itself; it appears complete or not at
            all.
        config: How to split.
        lists: A file that names the episodes of each split; decides alone.
        command: Command line, for the record.

    Raises:
        ConfigError: The lists contradict themselves.
        DataError: `path` is no dataset file, or cannot be split so.
    """
    dataset = store.load(path)
    if "augmentation" in dataset.provenance:
        raise DataError(
            f"{path}: holds augmented episodes, and a new split would leak: a moved "
            "episode may train while its source tests; split first, then augment"
        )
    splits = (
        _automatic(dataset, config)
        if lists is None
        else split_lists.read(lists, len(dataset.lengths))
    )
    how = asdict(config) if lists is None else {"lists": str(lists)}
    record = {
        "settings": how,
        "command": command,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "version": __version__,
    }
    with replacing(output) as temporary, hdf5.writing(temporary) as target:
        with h5py.File(path, "r") as source:
            for name in source:
                if name not in REPLACED:
                    source.copy(name, target)
            for key, value in source.attrs.items():
                target.attrs[key] = value
        # Beside the record of the ingest, whose own splits it replaces.
        target.attrs["provenance"] = json.dumps(dataset.provenance | {"split": record})
        statistics = split_parts.write(target, splits)
    warnings = suspicions.of_columns(
        statistics, dataset.observation_names, dataset.action_names
    )
    if lists is None:
        warnings += suspicions.of_splits(splits, config)
    return SplitReport(
        episodes={name: len(part) for name, part in splits.items()},
        steps={name: int(dataset.lengths[p].sum()) for name, p in splits.items()},
        warnings=tuple(warnings),
    )


def source_file(source: str) -> str:
    """Return the file that an episode says it came from.

    `a.npz, batch entry 3: episode 0 (rows 0-9)` came from `a.npz`.
    """
    return re.split(r": (?:episode|demo)|, (?:rows|batch|trial) ", source)[0]


def _automatic(dataset: Dataset, config: SplitConfig) -> dict[str, np.ndarray]:
    def divide(count: int) -> dict[str, np.ndarray]:
        if config.kfold is None or config.fold is None:
            return split(count, config.val_fraction, config.test_fraction, config.seed)
        return k_fold(
            count, config.kfold, config.fold, config.val_fraction, config.seed
        )

    if config.by_source:
        return by_group([source_file(source) for source in dataset.sources], divide)
    return divide(len(dataset.lengths))
