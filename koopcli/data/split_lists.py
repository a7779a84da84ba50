"""Splits by hand: a TOML file that names the episodes of each split.

    train = ["0:40", 45]
    val = ["40:45"]
    test = ["46:60"]

Numbers count from 0. If `train` is missing, it is what the others leave.
"""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.data import ranges
from koopcli.errors import ConfigError, DataError

SPLITS = ("train", "val", "test")


def read(path: Path, episodes: int) -> dict[str, np.ndarray]:
    """Return the episodes of each split, sorted.

    Raises:
        ConfigError: It cannot be read, or names an episode twice.
        DataError: It names an episode that is not there, or leaves one out.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the lists ({error})") from error
    unknown = sorted(set(found) - set(SPLITS))
    if unknown:
        raise ConfigError(
            f"{path}: unknown list {unknown[0]!r}; known: train, val, test"
        )
    owner: dict[int, str] = {}
    for name, entries in found.items():
        for part in _parts(path, name, entries):
            if part.stop > episodes:
                raise DataError(
                    f"{path}: {name} names episode {part.stop - 1}, but there are "
                    f"{episodes} (counted from 0)"
                )
            for number in part:
                if number in owner:
                    raise ConfigError(
                        f"{path}: episode {number} is in {owner[number]} and in {name}"
                    )
                owner[number] = name
    free = [number for number in range(episodes) if number not in owner]
    if "train" in found and free:
        raise DataError(
            f"{path}: {len(free)} of {episodes} episodes are in no list (first: episode "
            f"{free[0]}); without a list `train`, the rest is for training"
        )
    owner |= dict.fromkeys(free, "train")
    if "train" not in owner.values():
        raise DataError(f"{path}: no episode is left for training; models need some")
    return {
        name: np.array(sorted(n for n in owner if owner[n] == name), dtype=np.int64)
        for name in SPLITS
    }


def _parts(path: Path, name: str, entries: Any) -> list[range]:
    if not isinstance(entries, list) or not all(
        isinstance(entry, int | str) and not isinstance(entry, bool)
        for entry in entries
    ):
        raise ConfigError(f'{path}: {name} must be a list such as [0, 4, "10:20"]')
    return [p for entry in entries for p in ranges.parse(str(entry), f"{path}: {name}")]
