"""A real matrix as a sum of its modes, and the same matrix without growing ones."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Float

CLOSEST, FARTHEST = 1e-6, 1e-3
"""How far inside the unit circle growing modes are put."""


@dataclass(frozen=True)
class Eigenbasis:
    """A = Re(right diag(values) left), with one mode for each conjugate pair.

    In these coordinates z' = A z + d becomes x' = values x + left d, z = Re(right x):
    a diagonal Koopman model with a linear encoder and decoder.

    Attributes:
        values: λ with Im λ >= 0, slowest decay first.
        right: Eigenvectors as columns; twice as long for a pair, which it stands for.
        left: Rows that read the modes from z.
    """

    values: Complex[np.ndarray, " mode"]
    right: Complex[np.ndarray, "size mode"]
    left: Complex[np.ndarray, "mode size"]

    def matrix(
        self, values: Complex[np.ndarray, " mode"]
    ) -> Float[np.ndarray, "size size"]:
        """Return the real matrix with these eigenvectors and other eigenvalues."""
        return np.real((self.right * values) @ self.left)

    def take(self, chosen: Bool[np.ndarray, " mode"]) -> "Eigenbasis":
        """Keep some modes."""
        return Eigenbasis(self.values[chosen], self.right[:, chosen], self.left[chosen])


def diagonalise(matrix: Float[np.ndarray, "size size"]) -> Eigenbasis:
    """Decompose a real matrix.

    Raises:
        numpy.linalg.LinAlgError: It has no basis of eigenvectors.
    """
    values, right = np.linalg.eig(matrix)
    values, right = values.astype(np.complex128), right.astype(np.complex128)
    left = np.linalg.inv(right)
    upper = np.flatnonzero(values.imag >= 0)
    order = upper[np.argsort(-np.abs(values[upper]), kind="stable")]
    pair = np.where(values[order].imag > 0, 2.0, 1.0)
    return Eigenbasis(values[order], right[:, order] * pair, left[order])


def stabilise(matrix: Float[np.ndarray, "size size"]) -> Float[np.ndarray, "size size"]:
    """Return `matrix` with all |λ| <= 1, also after rounding to float32.

    Growing modes are put just inside the unit circle, with their phase; the other modes
    and all eigenvectors stay. By first-order perturbation theory rounding moves λ by at
    most |right| |left| times the size of the rounding, which is how far inside they are
    put. Where that is not enough, or the eigenvectors are no basis, the whole matrix is
    scaled down.
    """
    if spectral_radius(matrix) <= 1 - CLOSEST:
        return matrix
    try:
        basis = diagonalise(matrix)
    except np.linalg.LinAlgError:
        return _scaled(matrix)
    rounding = np.finfo(np.float32).eps * np.linalg.norm(matrix)
    condition = np.linalg.norm(basis.right, axis=0) * np.linalg.norm(basis.left, axis=1)
    largest = 1 - np.clip(condition * rounding, CLOSEST, FARTHEST)
    modulus = np.abs(basis.values)
    growing = modulus > largest
    part = basis.take(growing)
    change = part.values * (largest / np.maximum(modulus, 1e-300) - 1)[growing]
    return _scaled(matrix + part.matrix(change))


def spectral_radius(matrix: Float[np.ndarray, "size size"]) -> float:
    """Return the largest modulus of an eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0))


def _scaled(matrix: np.ndarray) -> np.ndarray:
    while (radius := spectral_radius(matrix.astype(np.float32).astype(float))) > 1:
        matrix = matrix * ((1 - FARTHEST) / radius)
    return matrix
