"""From sums to errors: one formula per name (docs/metrics.md)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from koopcli.evaluate.metrics import Sums

NAMES = (
    "mse",
    "rmse",
    "nmse",
    "nrmse",
    "mae",
    "nmae",
    "r2",
    "fit",
    "vaf",
)
"""Fields of `Scores` that are errors, in the order of the tables."""


@dataclass(frozen=True)
class Scores:
    """Errors per step ahead and dimension; NaN where undefined.

    Attributes:
        starts: Starts behind each row.
        mse: Mean squared error, squared physical units.
        rmse: Its root, physical units.
        nmse: `mse` in units of the training variance.
        nrmse: `rmse` in units of the training standard deviation.
        mae: Mean absolute error, physical units.
        nmae: `mae` in units of the training standard deviation.
        r2: Share of the variance of the truth that is explained.
        fit: Fit index, percent.
        vaf: Variance accounted for, percent; a constant error costs nothing.
    """

    starts: Int[np.ndarray, "*group time"]
    mse: Float[np.ndarray, "*group time dim"]
    rmse: Float[np.ndarray, "*group time dim"]
    nmse: Float[np.ndarray, "*group time dim"]
    nrmse: Float[np.ndarray, "*group time dim"]
    mae: Float[np.ndarray, "*group time dim"]
    nmae: Float[np.ndarray, "*group time dim"]
    r2: Float[np.ndarray, "*group time dim"]
    fit: Float[np.ndarray, "*group time dim"]
    vaf: Float[np.ndarray, "*group time dim"]


def per_dimension(sums: Sums, scale: Float[np.ndarray, "*rows dim"]) -> Scores:
    """Divide the sums; `scale` is the training standard deviation (1 if constant)."""
    count, varies = sums.count[..., None], sums.spread > 0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mse, mae = sums.squared / count, sums.absolute / count
        unexplained = np.where(varies, sums.squared / sums.spread, np.nan)
        about_mean = sums.squared - sums.signed**2 / count
        vaf = np.where(varies, 100 * (1 - about_mean / sums.spread), np.nan)
        nmse, rmse = mse / scale**2, np.sqrt(mse)
    return Scores(
        starts=sums.count,
        mse=mse,
        rmse=rmse,
        nmse=nmse,
        nrmse=rmse / scale,
        mae=mae,
        nmae=mae / scale,
        r2=1 - unexplained,
        fit=100 * (1 - np.sqrt(unexplained)),
        vaf=vaf,
    )


def overall(sums: Sums, scale: Float[np.ndarray, "*rows dim"]) -> Scores:
    """Average over dimensions, which leaves one column.

    Squared and absolute errors are means, `rmse` and `nrmse` the roots of such means; r2,
    fit and vaf are means over the dimensions that vary.
    """
    each = per_dimension(sums, scale)
    mse, nmse = _mean(each.mse), _mean(each.nmse)
    varies = sums.spread > 0
    return Scores(
        starts=sums.count,
        mse=mse,
        rmse=np.sqrt(mse),
        nmse=nmse,
        nrmse=np.sqrt(nmse),
        mae=_mean(each.mae),
        nmae=_mean(each.nmae),
        r2=_mean(each.r2, varies),
        fit=_mean(each.fit, varies),
        vaf=_mean(each.vaf, varies),
    )


def _mean(values: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
    if chosen is None:
        with np.errstate(over="ignore", invalid="ignore"):
            return values.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        total = np.where(chosen, values, 0.0).sum(axis=-1, keepdims=True)
        return total / chosen.sum(axis=-1, keepdims=True)
