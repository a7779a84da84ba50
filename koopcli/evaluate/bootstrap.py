"""Confidence intervals by drawing whole episodes again.

Starts of one episode share their future, so they are no independent samples: episodes are
drawn, with replacement, and bring all of their starts. Every model is computed from the
same draws, which makes differences of models paired. Source: Field & Welsh 2007,
"Bootstrapping clustered data", J. R. Stat. Soc. B 69(3).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from koopcli.evaluate.metrics import Sums

FEW_EPISODES = 10
"""Below this the intervals are too narrow, and a warning says so."""


@dataclass(frozen=True)
class Bootstrap:
    """Draws of the episodes of an evaluation.

    Attributes:
        weights: How often each draw holds each episode; no rows: no intervals.
        confidence: Share of the draws within an interval.
    """

    weights: Float[np.ndarray, "draw group"]
    confidence: float

    def interval(
        self, draws: Float[np.ndarray, " draw"], value: float
    ) -> tuple[float, float]:
        """Return the central interval of `draws`; NaN where `value` is undefined.

        Draws in which the number does not exist (no start sees so far) are left out.
        """
        known = draws[np.isfinite(draws)]
        if not np.isfinite(value) or not len(known):
            return (np.nan, np.nan)
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(known, [tail, 1 - tail])
        return float(low), float(high)

    def total(
        self, values: Float[np.ndarray, "group *rest"]
    ) -> Float[np.ndarray, "draw *rest"]:
        """Sum what each episode holds over the episodes of each draw."""
        flat = values.reshape(len(values), -1)
        with np.errstate(invalid="ignore", over="ignore"):
            return (self.weights @ flat).reshape(-1, *values.shape[1:])


def draw(episodes: int, draws: int, confidence: float, seed: int) -> Bootstrap:
    """Draw episodes; none at all if there is only one, which says nothing of others."""
    random = np.random.default_rng(seed)
    count = draws if episodes > 1 else 0
    weights = random.multinomial(episodes, np.full(episodes, 1 / episodes), size=count)
    return Bootstrap(weights.astype(np.float64), confidence)


def resample(bootstrap: Bootstrap, groups: Sums) -> Sums:
    """Return the sums of every draw, its index first."""
    count = groups.count[..., None].astype(np.float64)
    centre = (count * groups.mean).sum(0) / np.maximum(count.sum(0), 1)
    shift = groups.mean - centre
    number = bootstrap.total(count)
    mean = bootstrap.total(count * shift) / np.maximum(number, 1)
    within = bootstrap.total(groups.spread + count * shift**2)
    return Sums(
        count=number[..., 0].round().astype(np.int64),
        signed=bootstrap.total(groups.signed),
        squared=bootstrap.total(groups.squared),
        absolute=bootstrap.total(groups.absolute),
        mean=centre + mean,
        spread=np.maximum(within - number * mean**2, 0.0),
        nonfinite=bootstrap.total(groups.nonfinite.astype(np.float64)).astype(np.int64),
    )


def by_episode(
    values: Float[np.ndarray, "batch *rest"], episodes: Int[np.ndarray, " batch"]
) -> Float[np.ndarray, "group *rest"]:
    """Sum what each start holds over the starts of its episode; starts are in order."""
    firsts = np.flatnonzero(np.append(True, np.diff(episodes) != 0))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.add.reduceat(values.astype(np.float64), firsts)


def mean_of(
    bootstrap: Bootstrap,
    values: Float[np.ndarray, "batch *rest"],
    episodes: Int[np.ndarray, " batch"],
) -> Float[np.ndarray, "draw *rest"]:
    """Return the mean over the known starts of each draw; NaN is unknown."""
    known = ~np.isnan(values)
    total = bootstrap.total(by_episode(np.where(known, values, 0.0), episodes))
    count = bootstrap.total(by_episode(known.astype(np.float64), episodes))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return total / count
