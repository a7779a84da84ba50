"""Ridge regression over more rows than fit in memory, for many ridges at once.

Only first and second moments of the rows are kept, summed block by block in float64, so
memory does not grow with the data. With x and y centred and every column of x scaled to
variance 1,

    W(ρ) = argmin  mean |y - x W|² + ρ |W|²  =  Q (Λ + ρ)⁻¹ Qᵀ mean(xᵀ y),

where Q Λ Qᵀ = mean(xᵀ x). One eigendecomposition serves every ρ. Because of the scaling
ρ means the same whatever the units, and the constant is not penalised.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Block = tuple[Float[np.ndarray, "row input"], Float[np.ndarray, "row target"]]


@dataclass(frozen=True)
class Moments:
    """Means over rows of inputs x, targets y, and their centred products.

    Attributes:
        x: Mean of x.
        y: Mean of y.
        xx: Covariance of x.
        xy: Covariance of x and y.
        yy: Variance of each y.
    """

    x: Float[np.ndarray, " input"]
    y: Float[np.ndarray, " target"]
    xx: Float[np.ndarray, "input input"]
    xy: Float[np.ndarray, "input target"]
    yy: Float[np.ndarray, " target"]

    def offset(
        self, weights: Float[np.ndarray, "input target"]
    ) -> Float[np.ndarray, " target"]:
        """Return the constant that makes `x weights + constant` right on average."""
        return self.y - self.x @ weights

    def error(
        self, weights: Float[np.ndarray, "input target"]
    ) -> Float[np.ndarray, " target"]:
        """Return the mean squared error of `x weights + offset` for each target."""
        explained = 2 * self.xy - self.xx @ weights
        return self.yy - np.sum(weights * explained, axis=0)


def accumulate(blocks: Iterable[Block]) -> Moments:
    """Sum the rows of all blocks.

    Observables are of order one, so that the mean can be taken out of the sums of
    products afterwards.
    """
    count, sums = 0, [np.zeros(())] * 5
    for x, y in blocks:
        count += len(x)
        parts = (x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y, (y**2).sum(axis=0))
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
    x, y, xx, xy, yy = (total / count for total in sums)
    return Moments(x, y, xx - np.outer(x, x), xy - np.outer(x, y), yy - y**2)


class Ridge:
    """The regression of `moments`, ready to be solved for any penalty."""

    def __init__(self, moments: Moments):
        """Scale the inputs and decompose their covariance."""
        variance = np.diag(moments.xx)
        # What is left of a constant column after centring is rounding: it is not blown up.
        constant = variance <= 1e-12 * (variance + moments.x**2)
        self.scale = np.sqrt(np.where(constant, 1.0, variance))
        scaled = moments.xx / self.scale / self.scale[:, None]
        self.values, self.vectors = np.linalg.eigh(scaled)
        self.moment = self.vectors.T @ (moments.xy / self.scale[:, None])

    def solve(self, penalty: float) -> Float[np.ndarray, "input target"]:
        """Return W for inputs as they came.

        Directions in which the data does not vary get no weight, so nothing is singular
        and a penalty of 0 gives the solution of least norm.
        """
        floor = self.values.max(initial=0.0) * len(self.values) * np.finfo(float).eps
        seen = self.values > floor
        inverse = np.divide(1.0, self.values + penalty, where=seen, out=0 * self.values)
        weights = self.vectors @ (inverse[:, None] * self.moment)
        return weights / self.scale[:, None]
