"""Which training windows are hard, ambiguous or suspicious, from errors over training.

Dataset Cartography (Swayamdipta et al. 2020, arXiv:2009.10795) maps examples by the mean
and the standard deviation of the probability of their label over the epochs. A prediction
error has no such bound, so it is saturated first: `u = e / (e + e0)`, 0.5 for an error of
e0, the median error at the end of training, and 1 for an infinite one.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from koopcli.config.evaluation import DataMapConfig

SMALLEST = 1e-12
"""Errors, in training variances, are not told apart below this."""
LARGEST = 1e30
"""Nor above this."""


@dataclass(frozen=True)
class Judged:
    """What each window showed over the course of training.

    Attributes:
        typical: e0, the error that saturates to one half.
        level: Geometric mean of the error over the second half of the validations.
        mean: Mean of the saturated error.
        variability: Its standard deviation.
        hard: Whether its mean is among the largest.
        ambiguous: Whether its variability is among the largest.
        suspicious: Whether its error is large, steady, and far from all others.
    """

    typical: float
    level: Float[np.ndarray, " window"]
    mean: Float[np.ndarray, " window"]
    variability: Float[np.ndarray, " window"]
    hard: Bool[np.ndarray, " window"]
    ambiguous: Bool[np.ndarray, " window"]
    suspicious: Bool[np.ndarray, " window"]


def judge(
    errors: Float[np.ndarray, "validation window"], config: DataMapConfig
) -> Judged:
    """Judge every window; the rule is in docs/data-maps.md."""
    clipped = np.clip(errors.astype(np.float64), SMALLEST, LARGEST)
    typical = float(np.median(clipped[-1]))
    saturated = clipped / (clipped + typical)
    mean, variability = saturated.mean(axis=0), saturated.std(axis=0)
    # What was only slow to be learnt is not far off in the end.
    late = clipped[len(clipped) // 2 :]
    logarithm = np.log10(late).mean(axis=0)
    low, high = np.quantile(logarithm, [0.25, 0.75])
    far = logarithm > high + config.fence * (high - low)
    steady = variability <= np.median(variability)
    large = mean >= np.quantile(mean, 0.75)
    return Judged(
        typical=typical,
        level=10**logarithm,
        mean=mean,
        variability=variability,
        hard=_most(mean, config.share),
        ambiguous=_most(variability, config.share),
        suspicious=large & steady & far,
    )


def _most(values: np.ndarray, share: float) -> np.ndarray:
    return values > np.quantile(values, 1 - share)
