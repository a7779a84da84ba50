"""Per-column statistics of the training split, computed in one streaming pass."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float


@dataclass(frozen=True)
class ColumnStatistics:
    """Count, mean, standard deviation and range of each column.

    The standard deviation is that of the population (divided by `count`).
    """

    count: int
    mean: Float[np.ndarray, " column"]
    std: Float[np.ndarray, " column"]
    min: Float[np.ndarray, " column"]
    max: Float[np.ndarray, " column"]

    @property
    def constant(self) -> Bool[np.ndarray, " column"]:
        """Columns that do not vary beyond float32 rounding of their own value."""
        size = np.maximum(np.abs(self.mean), np.finfo(np.float32).tiny)
        return (self.max == self.min) | (self.std <= 1e-7 * size)

    @property
    def scale(self) -> Float[np.ndarray, " column"]:
        """Standard deviation, or 1 where the column is constant."""
        return np.where(self.constant, 1.0, self.std)

    def first(self, columns: int) -> "ColumnStatistics":
        """Return the statistics of the first `columns` columns."""
        parts = (self.mean, self.std, self.min, self.max)
        return ColumnStatistics(self.count, *(part[:columns] for part in parts))


@dataclass(frozen=True)
class Statistics:
    """Statistics of each array; rewards are None where the data has none."""

    observations: ColumnStatistics
    actions: ColumnStatistics
    rewards: ColumnStatistics | None


class Accumulator:
    """Merges blocks of rows into one `ColumnStatistics`, in float64.

    Blocks are merged by mean and sum of squared deviations, which stays accurate where
    the sum of squares would cancel. Source: Chan, Golub, LeVeque 1983.
    """

    def __init__(self, columns: int):
        self.count = 0
        self.mean = np.zeros(columns)
        self.deviations = np.zeros(columns)
        self.min = np.full(columns, np.inf)
        self.max = np.full(columns, -np.inf)

    def add(self, rows: Float[np.ndarray, "row column"]) -> None:
        """Merge a block of rows; an empty block changes nothing."""
        if len(rows) == 0:
            return
        rows = rows.astype(np.float64)
        mean, total = rows.mean(axis=0), self.count + len(rows)
        difference = mean - self.mean
        self.deviations += ((rows - mean) ** 2).sum(axis=0)
        self.deviations += difference**2 * (self.count * len(rows) / total)
        self.mean = self.mean + difference * (len(rows) / total)
        self.min = np.minimum(self.min, rows.min(axis=0))
        self.max = np.maximum(self.max, rows.max(axis=0))
        self.count = total

    def result(self) -> ColumnStatistics:
        """Return the statistics of all rows so far; zeros if there were none."""
        if self.count == 0:
            nothing = np.zeros_like(self.mean)
            return ColumnStatistics(0, nothing, nothing, nothing, nothing)
        std = np.sqrt(self.deviations / self.count)
        return ColumnStatistics(self.count, self.mean, std, self.min, self.max)
