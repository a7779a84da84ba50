"""What an ingest says about itself."""

from dataclasses import asdict, dataclass
from typing import Any

from koopcli.data.statistics import ColumnStatistics


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What was read, what was kept, what was dropped, and what looks wrong.

    `dropped` maps a reason to a pair (episodes, steps); `lengths` is (min, median, max),
    `returns` (min, mean, max), and `ranges` maps a column to its (min, mean, std, max)
    over the training split. After an append, all but `ranges` and `splits` are about the
    new episodes; `episodes_before` were there already.
    """

    formats: tuple[str, ...]
    episodes: int
    steps: int
    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    has_rewards: bool
    lengths: tuple[int, float, int]
    returns: tuple[float, float, float] | None
    ranges: dict[str, tuple[float, float, float, float]]
    terminations: int
    truncations: int
    splits: dict[str, int]
    dropped: dict[str, tuple[int, int]]
    dt: float
    dt_source: str
    warnings: tuple[str, ...]
    episodes_before: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def ranges(
    observations: tuple[str, ...],
    actions: tuple[str, ...],
    statistics: dict[str, ColumnStatistics],
) -> dict[str, tuple[float, float, float, float]]:
    """Return (min, mean, std, max) of each column by its name."""
    names = {
        "observations": observations,
        "actions": actions,
        "rewards": ("reward",),
    }
    return {
        name: (
            float(columns.min[i]),
            float(columns.mean[i]),
            float(columns.std[i]),
            float(columns.max[i]),
        )
        for kind, columns in statistics.items()
        for i, name in enumerate(names[kind])
    }
