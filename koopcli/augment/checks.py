"""What moved blocks are worth, measured block by block, and which are accepted."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from koopcli.augment.blocks import Blocks, Encoded
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.operator import Moved
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Symmetry
from koopcli.data.statistics import ColumnStatistics
from koopcli.evaluate.rollouts import Rollout

ROWS = 4096
"""Transitions per call of a model that predicts one step."""
TINY = 1e-12


@dataclass(frozen=True)
class Limits:
    """What a moved block is held against.

    Attributes:
        observations: Ranges of the training split.
        actions: The same of actions: the action box.
        scale: One standard unit of each column of a state.
        typical: Root mean square one-step error of the model on recorded blocks, in
            standard units.
    """

    observations: ColumnStatistics
    actions: ColumnStatistics
    scale: Float[np.ndarray, " state"]
    typical: float = 0.0


@dataclass(frozen=True)
class Measured:
    """One entry per block; lengths are root mean squares over its real steps.

    Attributes:
        shift: |s̃ - s| in standard deviations of each column.
        cycle: |E(s̃) - z̃| / |z̃ - z|; NaN without z̃.
        before: One-step error of the model on the block as recorded, standard units.
        after: The same on the moved block.
        outside: Whether a value of it lies outside the training range.
        far: Whether one lies further outside than the margin.
        action_miss: See `Moved`; 0 where actions are kept.
        acting: Whether its actions lie in the action box.
        finite: See `Moved`.
    """

    shift: Float[np.ndarray, " batch"]
    cycle: Float[np.ndarray, " batch"]
    before: Float[np.ndarray, " batch"]
    after: Float[np.ndarray, " batch"]
    outside: Bool[np.ndarray, " batch"]
    far: Bool[np.ndarray, " batch"]
    action_miss: Float[np.ndarray, " batch"]
    acting: Bool[np.ndarray, " batch"]
    finite: Bool[np.ndarray, " batch"]


def measure(
    model: LatentModel,
    encoded: Encoded,
    found: Moved,
    limits: Limits,
    config: AugmentConfig,
    predict: Rollout,
) -> Measured:
    """Measure moved blocks; `predict` is the model's own rollout."""
    before, after = encoded.blocks, found.blocks
    points = after.points
    shift = (after.observations - before.observations) / limits.scale
    columns = limits.observations
    reach = config.margin * (columns.max - columns.min)
    acting = (after.actions >= limits.actions.min - TINY) & (
        after.actions <= limits.actions.max + TINY
    )
    acting |= after.actions == before.actions
    miss = found.action_miss
    return Measured(
        shift=_over(np.mean(shift**2, axis=-1), points),
        cycle=_cycle(model, encoded, found),
        before=one_step(predict, before, limits.scale),
        after=one_step(predict, after, limits.scale),
        outside=_leaves(after, columns.min, columns.max),
        far=_leaves(after, columns.min - reach, columns.max + reach),
        action_miss=np.zeros(len(after)) if miss is None else miss,
        acting=_always(np.all(acting, axis=-1) | ~after.steps),
        finite=found.finite,
    )


def accepted(
    measured: Measured, config: AugmentConfig, limits: Limits
) -> Bool[np.ndarray, " batch"]:
    """Tell which blocks pass; noise is only asked to stay where data is."""
    good = measured.finite & ~measured.far
    if config.mode is Symmetry.GAUSSIAN:
        return good
    # NaN where nothing moved: that gains nothing, and does not pass.
    good &= measured.cycle <= config.cycle_limit
    good &= measured.after <= config.max_residual * np.maximum(
        measured.before, limits.typical
    )
    return good & measured.acting & (measured.action_miss <= config.action_tolerance)


def one_step(
    predict: Rollout, blocks: Blocks, scale: Float[np.ndarray, " state"]
) -> Float[np.ndarray, " batch"]:
    """Return the root mean square one-step error of each block in standard units."""
    count, time = blocks.actions.shape[:2]
    width = blocks.observations.shape[-1]
    starts = blocks.observations[:, :-1].reshape(-1, width)
    actions = blocks.actions.reshape(count * time, 1, blocks.actions.shape[-1])
    parts = [
        predict(starts[first : first + ROWS], actions[first : first + ROWS]).states
        for first in range(0, count * time, ROWS)
    ]
    following = blocks.observations[:, 1:].reshape(-1, width)
    error = (np.concatenate(parts)[:, 0] - following) / scale
    return _over(np.mean(error**2, axis=-1).reshape(count, time), blocks.steps)


def _cycle(
    model: LatentModel, encoded: Encoded, found: Moved
) -> Float[np.ndarray, " batch"]:
    if found.latents is None:
        return np.full(len(encoded.blocks), np.nan)
    points = encoded.blocks.points
    again = model.encode(found.blocks.observations)
    left = np.sum(np.abs(again - found.latents) ** 2, axis=-1)
    wanted = np.sum(np.abs(found.latents - encoded.latents) ** 2, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return _over(left, points) / _over(wanted, points)


def _leaves(
    blocks: Blocks, low: Float[np.ndarray, " state"], high: Float[np.ndarray, " state"]
) -> Bool[np.ndarray, " batch"]:
    beyond = (blocks.observations < low) | (blocks.observations > high)
    return ~_always(~beyond.any(axis=-1) | ~blocks.points)


def _always(rows: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.all(rows, axis=1)
    return result


def _over(
    squares: Float[np.ndarray, "batch row"], real: Bool[np.ndarray, "batch row"]
) -> Float[np.ndarray, " batch"]:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.sqrt(np.sum(squares * real, axis=1) / real.sum(axis=1))
