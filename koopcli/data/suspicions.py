"""Facts about a dataset that are legal but that its owner should hear about."""

import numpy as np

from koopcli.config.data import IngestConfig, SplitConfig
from koopcli.data.episode import Episode
from koopcli.data.statistics import ColumnStatistics

SHORT_STEPS = 10
FLOAT32_DIGITS = 1e-4
"""Warn when float32 rounding exceeds this share of a column's spread."""


class Signs:
    """Collects what is only visible while episodes stream by."""

    def __init__(self) -> None:
        self._hashes: dict[int, str] = {}
        self._duplicates: list[tuple[str, str]] = []
        self._all_zero = True
        self._rewarded = False

    def see(self, episode: Episode) -> None:
        """Look at one episode."""
        key = hash((episode.observations.tobytes(), episode.actions.tobytes()))
        if key in self._hashes:
            self._duplicates.append((self._hashes[key], episode.source))
        self._hashes.setdefault(key, episode.source)
        if episode.rewards is not None:
            self._rewarded = True
            self._all_zero &= not episode.rewards.any()

    def warnings(self, lengths: np.ndarray, known: np.ndarray) -> list[str]:
        """Say what looked wrong."""
        found = []
        if self._duplicates:
            first, second = self._duplicates[0]
            found.append(
                f"{len(self._duplicates)} episodes are copies of others ({second} of "
                f"{first}): the splits may share data"
            )
        if self._rewarded and self._all_zero:
            found.append("all rewards are zero")
        if np.median(lengths) < SHORT_STEPS:
            found.append(f"half of the episodes have fewer than {SHORT_STEPS} steps")
        if not known.all():
            found.append(
                f"the observation after the last action is unknown in "
                f"{int((~known).sum())} of {len(known)} episodes: their last step "
                "cannot be predicted"
            )
        return found


def of_columns(
    statistics: dict[str, ColumnStatistics],
    observation_names: tuple[str, ...],
    action_names: tuple[str, ...],
) -> list[str]:
    """Look for columns that never change, or that float32 cannot resolve."""
    names = {
        "observations": observation_names,
        "actions": action_names,
        "rewards": ("reward",),
    }
    found = []
    for kind, columns in statistics.items():
        constant = [names[kind][i] for i in np.flatnonzero(columns.constant)]
        if constant:
            found.append(
                f"constant {kind} in the training split (scale 1 is used): "
                + ", ".join(constant)
            )
        rounding = np.finfo(np.float32).eps * np.maximum(
            np.abs(columns.min), np.abs(columns.max)
        )
        coarse = ~columns.constant & (rounding > FLOAT32_DIGITS * columns.std)
        if coarse.any():
            found.append(
                f"{kind} with a large offset lose digits in float32 (subtract the "
                "offset): " + ", ".join(names[kind][i] for i in np.flatnonzero(coarse))
            )
    return found


def of_splits(
    splits: dict[str, np.ndarray], config: IngestConfig | SplitConfig
) -> list[str]:
    """Look for splits that were asked for and stayed empty."""
    wanted = {"val": config.val_fraction, "test": config.test_fraction}
    return [
        f"too few episodes for a {name} split: it is empty"
        for name, fraction in wanted.items()
        if fraction > 0 and len(splits[name]) == 0
    ]
