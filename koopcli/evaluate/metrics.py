"""Errors of rollouts as sums that can be added up batch by batch (docs/metrics.md).

Everything is accumulated in float64 and nothing is dropped: a prediction that is not
finite makes the sums of its step infinite or NaN, and is counted beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class Sums:
    """Sums over starts; row k-1 is k steps ahead.

    Attributes:
        count: Starts whose truth at that step is known.
        signed: Sum of prediction - truth.
        squared: Sum of (prediction - truth)².
        absolute: Sum of |prediction - truth|.
        mean: Mean of the truth over these starts.
        spread: Sum of (truth - mean)²; 0 for an angle, which has none on a line.
        nonfinite: Starts whose prediction at that step is NaN or infinite.
    """

    count: Int[np.ndarray, "*group time"]
    signed: Float[np.ndarray, "*group time dim"]
    squared: Float[np.ndarray, "*group time dim"]
    absolute: Float[np.ndarray, "*group time dim"]
    mean: Float[np.ndarray, "*group time dim"]
    spread: Float[np.ndarray, "*group time dim"]
    nonfinite: Int[np.ndarray, "*group time"]


def difference(
    prediction: Float[np.ndarray, "*batch dim"],
    truth: Float[np.ndarray, "*batch dim"],
    periods: Float[np.ndarray, " dim"] | None = None,
) -> Float[np.ndarray, "*batch dim"]:
    """Return prediction - truth in float64, for angles the short way round.

    Args:
        prediction: What was predicted.
        truth: What happened.
        periods: Full turn of each dimension, 0 for one that is no angle.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        error = prediction.astype(np.float64) - truth
        if periods is None or not periods.any():
            return error
        turn = np.where(periods > 0, periods, 1.0)
        return np.where(periods > 0, error - turn * np.round(error / turn), error)


def measure(
    prediction: Float[np.ndarray, "batch time dim"],
    truth: Float[np.ndarray, "batch time dim"],
    mask: Bool[np.ndarray, "batch time"],
    periods: Float[np.ndarray, " dim"] | None = None,
) -> Sums:
    """Sum the errors of one batch where `mask` holds; elsewhere may be anything."""
    first = np.zeros(1, np.int64)
    return only(measure_groups(prediction, truth, mask, first, periods))


def measure_groups(
    prediction: Float[np.ndarray, "batch time dim"],
    truth: Float[np.ndarray, "batch time dim"],
    mask: Bool[np.ndarray, "batch time"],
    firsts: Int[np.ndarray, " group"],
    periods: Float[np.ndarray, " dim"] | None = None,
) -> Sums:
    """Sum the errors of consecutive starts, group by group.

    Args:
        prediction: What was predicted.
        truth: What happened.
        mask: Where it is known; elsewhere both may be anything.
        firsts: First start of each group; the first is 0.
        periods: Full turn of each dimension, 0 for one that is no angle.
    """
    known = mask[..., None]
    value = np.where(known, truth, 0.0).astype(np.float64)
    if periods is not None:
        value = np.where(periods > 0, 0.0, value)
    count = np.add.reduceat(mask.astype(np.int64), firsts)
    mean = np.add.reduceat(value, firsts) / np.maximum(count, 1)[..., None]
    sizes = np.diff(np.append(firsts, len(mask)))
    about_mean = np.where(known, (value - np.repeat(mean, sizes, axis=0)) ** 2, 0.0)
    finite = np.isfinite(prediction).all(axis=-1)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where(known, difference(prediction, truth, periods), 0.0)
        return Sums(
            count=count,
            signed=np.add.reduceat(error, firsts),
            squared=np.add.reduceat(error**2, firsts),
            absolute=np.add.reduceat(np.abs(error), firsts),
            mean=mean,
            spread=np.add.reduceat(about_mean, firsts),
            nonfinite=np.add.reduceat((mask & ~finite).astype(np.int64), firsts),
        )


def merge(first: Sums, second: Sums) -> Sums:
    """Add two batches.

    The spread about the joint mean needs no difference of large numbers. Source: Chan,
    Golub & LeVeque 1983, "Algorithms for computing the sample variance".
    """
    count = first.count + second.count
    share = (second.count / np.maximum(count, 1))[..., None]
    shift = second.mean - first.mean
    between = shift**2 * share * first.count[..., None]
    return Sums(
        count=count,
        signed=first.signed + second.signed,
        squared=first.squared + second.squared,
        absolute=first.absolute + second.absolute,
        mean=first.mean + shift * share,
        spread=first.spread + second.spread + between,
        nonfinite=first.nonfinite + second.nonfinite,
    )


def combine(groups: Sums, firsts: Int[np.ndarray, " group"]) -> Sums:
    """Add up consecutive groups; `firsts` are the first of each new one."""
    sizes = np.diff(np.append(firsts, len(groups.count)))
    total = each(groups, lambda values: np.add.reduceat(values, firsts))
    count = groups.count[..., None]
    weighted = np.add.reduceat(count * groups.mean, firsts)
    mean = weighted / np.maximum(total.count, 1)[..., None]
    shift = groups.mean - np.repeat(mean, sizes, axis=0)
    between = np.add.reduceat(count * shift**2, firsts)
    return replace(total, mean=mean, spread=total.spread + between)


def only(groups: Sums) -> Sums:
    """Return the first of several groups."""
    return each(groups, lambda values: values[0])


def each(sums: Sums, change: Callable[[np.ndarray], np.ndarray]) -> Sums:
    """Apply `change` to every array."""
    return Sums(**{f.name: change(getattr(sums, f.name)) for f in fields(Sums)})


def diverged(
    prediction: Float[np.ndarray, "batch time dim"],
    mask: Bool[np.ndarray, "batch time"],
    low: Float[np.ndarray, " dim"],
    high: Float[np.ndarray, " dim"],
) -> Bool[np.ndarray, " batch"]:
    """Whether a rollout is ever outside [low, high], or not finite, while unmasked."""
    # NaN compares false, so "not inside" counts it.
    inside = np.all((prediction >= low) & (prediction <= high), axis=-1)
    return np.asarray((mask & ~inside).any(axis=1))
