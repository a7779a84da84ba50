"""What rollouts are measured against: horizons, spread, angles and the permitted box."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from koopcli.config.evaluation import EvalConfig
from koopcli.data.statistics import ColumnStatistics
from koopcli.data.store import Dataset
from koopcli.errors import ConfigError


@dataclass(frozen=True)
class Bounds:
    """The box that a rollout may not leave, per dimension."""

    low: Float[np.ndarray, " state"]
    high: Float[np.ndarray, " state"]


@dataclass(frozen=True)
class Yardstick:
    """How one batch of rollouts is measured.

    Attributes:
        horizons: Steps ahead that are reported.
        names: Dimensions.
        scale: Training standard deviation of each; 1 where it is constant.
        reward_scale: The same of the reward; None without rewards.
        periods: Full turn of each dimension that is an angle, else 0.
        limits: The box.
    """

    horizons: tuple[int, ...]
    names: tuple[str, ...]
    scale: Float[np.ndarray, " state"]
    reward_scale: float | None
    periods: Float[np.ndarray, " state"]
    limits: Bounds


def yardstick(
    dataset: Dataset, config: EvalConfig, horizons: tuple[int, ...]
) -> Yardstick:
    """Measure by the training split of `dataset`.

    Raises:
        ConfigError: `angle_cols` names no dimension.
    """
    statistics, names = dataset.output_statistics, dataset.output_names
    turns = periods(config.angle_cols, names)
    limits = bounds(statistics.observations, config.divergence_factor)
    # An angle may turn as often as it likes, so only what is not finite is outside.
    free = np.finfo(np.float64).max
    rewards = statistics.rewards
    return Yardstick(
        horizons=horizons,
        names=names,
        scale=statistics.observations.scale,
        reward_scale=None if rewards is None else float(rewards.scale[0]),
        periods=turns,
        limits=Bounds(
            np.where(turns > 0, -free, limits.low),
            np.where(turns > 0, free, limits.high),
        ),
    )


def bounds(columns: ColumnStatistics, factor: float) -> Bounds:
    """Widen the training range by `factor` ranges to both sides.

    A constant dimension has no range; 1 stands in, as it does for its scale.
    """
    width = np.where(columns.constant, 1.0, columns.max - columns.min)
    return Bounds(columns.min - factor * width, columns.max + factor * width)


def periods(
    angle_cols: tuple[str, ...], names: tuple[str, ...]
) -> Float[np.ndarray, " state"]:
    """Return the full turn of each dimension, 0 for those that are no angle.

    Args:
        angle_cols: `theta` (radians) or `theta=360` (that full turn).
        names: Dimensions.

    Raises:
        ConfigError: A name is no dimension, or a turn no positive number.
    """
    turns = np.zeros(len(names))
    for text in angle_cols:
        # A name may hold "=" itself; then the whole text is the name.
        name, _, turn = (text, "", "") if text in names else text.rpartition("=")
        if name not in names:
            raise ConfigError(
                f"--angle-cols {text!r}: the dimensions are {', '.join(names)}"
            )
        turns[names.index(name)] = 2 * math.pi if not turn else _turn(text, turn)
    return turns


def _turn(text: str, turn: str) -> float:
    try:
        value = float(turn)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(
            f"--angle-cols {text!r}: after '=' give one full turn, such as 360"
        )
    return value
