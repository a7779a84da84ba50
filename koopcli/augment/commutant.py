"""The published modes: z̃ = (1 + σ(a)) z for z[t] and z[t+1], where σ(a) commutes with K(a).

With K(a) = U diag(λ) U⁻¹, what commutes is U diag(s) U⁻¹ if no λ is there twice.

    kfc     σ(a) = ε X(a) / |X(a)|,  X(a) the part of one random matrix that commutes
    kfc++   σ(a) = Re U diag(ε₁ … ε_N) U⁻¹

with ε normal. KFC's code asks a solver of Sylvester's equation K X - X K = 1 for X; that
equation has no solution, and what comes back is in effect a random element of the
commutant, drawn here on purpose. |X| is in that of the identity, so that ε is a relative
size. Source: Weissenbacher et al. 2022, arXiv:2111.01365. K(a) changes with the action, and
σ with it: a block is one step.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Float, Inexact

from koopcli.augment.bilinear_model import BilinearModel
from koopcli.augment.blocks import Encoded
from koopcli.augment.operator import Moved, Operator, moved

CHUNK = 1024
"""Matrices that are decomposed at once."""
COMMUTES = 1e-9
"""Largest |K X - X K| / (|K| |X|); more where eigenvectors are all but parallel."""


@dataclass(frozen=True)
class Basis:
    """Eigenvectors of a stack of matrices.

    Attributes:
        vectors: U.
        inverse: U⁻¹.
    """

    vectors: Complex[np.ndarray, "batch latent latent"]
    inverse: Complex[np.ndarray, "batch latent latent"]


def kfc(model: BilinearModel, seed: int) -> Operator:
    """One number ε per block; the random matrix is that of the seed."""
    size = model.parts.shape[-1]
    matrix = np.random.default_rng([seed, 3]).normal(size=(size, size))

    def sigma(basis: Basis, draw: np.ndarray) -> np.ndarray:
        return draw[:, :, None] * unit(projected(basis, matrix))

    return Operator(1, _mover(model, sigma))


def kfc_plus(model: BilinearModel) -> Operator:
    """A real number for every eigenvalue of σ: modes are scaled, and pairs not turned."""
    return Operator(model.parts.shape[-1], _mover(model, scaled))


def basis(matrices: Float[np.ndarray, "batch latent latent"]) -> Basis:
    """Decompose; what has no full set of eigenvectors gets a useless inverse."""
    # Of an action that is not a number there is no matrix, but others are in the stack.
    finite = np.isfinite(matrices).all(axis=(1, 2), keepdims=True)
    vectors = np.linalg.eig(np.where(finite, matrices, 0.0))[1].astype(np.complex128)
    try:
        inverse = np.linalg.inv(vectors)
    except np.linalg.LinAlgError:  # one of them is singular to the last bit
        inverse = np.linalg.pinv(vectors)
    return Basis(vectors, inverse)


def projected(
    basis: Basis, matrix: Float[np.ndarray, "latent latent"]
) -> Float[np.ndarray, "batch latent latent"]:
    """Return U diag(U⁻¹ M U) U⁻¹: the same for all K(a) with the same eigenvectors."""
    values = np.sum((basis.inverse @ matrix) * basis.vectors.mT, axis=2)
    return scaled(basis, values)


def scaled(
    basis: Basis, values: Inexact[np.ndarray, "batch latent"]
) -> Float[np.ndarray, "batch latent latent"]:
    """Return Re U diag(values) U⁻¹; the real part commutes, since K(a) is real."""
    return np.real((basis.vectors * values[:, None]) @ basis.inverse)


def unit(
    matrices: Float[np.ndarray, "batch latent latent"],
) -> Float[np.ndarray, "batch latent latent"]:
    """Give every matrix the norm of the identity."""
    size = np.sqrt(np.mean(np.sum(matrices**2, axis=2), axis=1))
    return matrices / size[:, None, None]


def commute(
    one: Float[np.ndarray, "batch latent latent"],
    other: Float[np.ndarray, "batch latent latent"],
) -> Bool[np.ndarray, " batch"]:
    """Tell which pairs commute to rounding."""

    def norm(matrices: np.ndarray) -> np.ndarray:
        size: np.ndarray = np.linalg.norm(matrices, axis=(1, 2))
        return size

    return norm(one @ other - other @ one) <= COMMUTES * norm(one) * norm(other)


def _mover(
    model: BilinearModel, sigma: Callable[[Basis, np.ndarray], np.ndarray]
) -> Callable[[Encoded, np.ndarray], Moved]:
    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        size = model.parts.shape[-1]
        latents, good = encoded.latents.copy(), np.zeros(len(draw), bool)
        for first in range(0, len(draw), CHUNK):
            rows = slice(first, first + CHUNK)
            matrices = encoded.inputs[rows, 0].reshape(-1, size, size)
            with np.errstate(all="ignore"):
                symmetry = sigma(basis(matrices), draw[rows])
                good[rows] = commute(matrices, symmetry)
                latents[rows] += encoded.latents[rows] @ symmetry.mT
        # What does not commute is no symmetry, and stays as it was.
        latents[~good] = np.nan
        return moved(model, encoded, latents)

    return move
