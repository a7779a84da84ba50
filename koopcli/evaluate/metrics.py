"""Errors of rollouts as sums that can be added up batch by batch (docs/metrics.md).

Everything is accumulated in float64 and nothing is dropped: a prediction that is not
finite makes the sums of its step infinite or NaN, and is counted beside them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class Sums:
    """Sums over starts; row k-1 is k steps ahead.

    Attributes:
        count: Starts whose truth at that step is known.
        squared: Sum of (prediction - truth)².
        absolute: Sum of |prediction - truth|.
        mean: Mean of the truth over these starts.
        spread: Sum of (truth - mean)².
        nonfinite: Starts whose prediction at that step is NaN or infinite.
    """

    count: Int[np.ndarray, " time"]
    squared: Float[np.ndarray, "time dim"]
    absolute: Float[np.ndarray, "time dim"]
    mean: Float[np.ndarray, "time dim"]
    spread: Float[np.ndarray, "time dim"]
    nonfinite: Int[np.ndarray, " time"]


@dataclass(frozen=True)
class Scores:
    """Errors per step ahead and dimension; NaN where undefined.

    Attributes:
        starts: Starts behind each row.
        mse: Mean squared error, squared physical units.
        rmse: Its root, physical units.
        nrmse: `rmse` in units of the training standard deviation.
        mae: Mean absolute error, physical units.
        r2: Share of the variance of the truth that is explained.
    """

    starts: Int[np.ndarray, " time"]
    mse: Float[np.ndarray, "time dim"]
    rmse: Float[np.ndarray, "time dim"]
    nrmse: Float[np.ndarray, "time dim"]
    mae: Float[np.ndarray, "time dim"]
    r2: Float[np.ndarray, "time dim"]


def measure(
    prediction: Float[np.ndarray, "batch time dim"],
    truth: Float[np.ndarray, "batch time dim"],
    mask: Bool[np.ndarray, "batch time"],
) -> Sums:
    """Sum the errors of one batch where `mask` holds; elsewhere may be anything."""
    known = mask[..., None]
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where(known, prediction.astype(np.float64) - truth, 0.0)
        squared, absolute = (error**2).sum(0), np.abs(error).sum(0)
    value = np.where(known, truth, 0.0).astype(np.float64)
    count = mask.sum(0)
    mean = value.sum(0) / np.maximum(count, 1)[:, None]
    finite = np.isfinite(prediction).all(axis=-1)
    return Sums(
        count=count,
        squared=squared,
        absolute=absolute,
        mean=mean,
        spread=np.where(known, (value - mean) ** 2, 0.0).sum(0),
        nonfinite=(mask & ~finite).sum(0),
    )


def merge(first: Sums, second: Sums) -> Sums:
    """Add two batches.

    The spread about the joint mean needs no difference of large numbers. Source: Chan,
    Golub & LeVeque 1983, "Algorithms for computing the sample variance".
    """
    count = first.count + second.count
    share = (second.count / np.maximum(count, 1))[:, None]
    shift = second.mean - first.mean
    return Sums(
        count=count,
        squared=first.squared + second.squared,
        absolute=first.absolute + second.absolute,
        mean=first.mean + shift * share,
        spread=first.spread + second.spread + shift**2 * share * first.count[:, None],
        nonfinite=first.nonfinite + second.nonfinite,
    )


def per_dimension(sums: Sums, scale: Float[np.ndarray, " dim"]) -> Scores:
    """Divide the sums; `scale` is the training standard deviation (1 if constant)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mse = sums.squared / sums.count[:, None]
        mae = sums.absolute / sums.count[:, None]
        r2 = np.where(sums.spread > 0, 1 - sums.squared / sums.spread, np.nan)
    rmse = np.sqrt(mse)
    return Scores(sums.count, mse, rmse, rmse / scale, mae, r2)


def overall(sums: Sums, scale: Float[np.ndarray, " dim"]) -> Scores:
    """Average over dimensions, which leaves one column.

    mse, mae and r2 are means (r2 over the dimensions that vary), rmse is √mse, and
    nrmse the root of the mean of nrmse².
    """
    each = per_dimension(sums, scale)
    mse = each.mse.mean(axis=1, keepdims=True)
    varies = sums.spread > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = np.where(varies, each.r2, 0.0).sum(axis=1) / varies.sum(axis=1)
    return Scores(
        starts=sums.count,
        mse=mse,
        rmse=np.sqrt(mse),
        nrmse=np.sqrt((each.nrmse**2).mean(axis=1, keepdims=True)),
        mae=each.mae.mean(axis=1, keepdims=True),
        r2=r2[:, None],
    )


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
