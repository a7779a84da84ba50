"""What least squares says about the same latents: EDMD eigenvalues, pseudospectrum.

The dictionary is the real and imaginary parts of the modes (the functions the decoder
sees), reduced to the principal directions that vary. With X and Y its centred values at t
and, inputs taken out, at t + 1, EDMD is the regression Y = X K. For a complex z

    τ(z)² = the least eigenvalue of  L - z A* - z̄ A + |z|² I,   L = Y₁*Y₁, A = Y₁*Q,

with X = Q R and Y₁ = Y R⁻¹: the smallest residual that any function in the span has at z.
Source: Colbrook, Mezić & Stepanenko 2024, arXiv:2407.06312 (ResDMD, pseudospectrum by QR).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from koopcli.spectrum.pairs import Pairs

KEPT = 1e-8
"""Principal directions with less than this share of the variance are left out."""
MAX_DIRECTIONS = 64
"""Bound on the size of the eigenvalue problems."""
REACH = 1.1
"""Half the width of the grid, in which the unit disc lies."""


@dataclass(frozen=True)
class Edmd:
    """EDMD of the latents, fitted on training transitions.

    Attributes:
        eigenvalues: Of the matrix.
        residuals: Of its eigenfunctions on held-out transitions, as those of the modes.
    """

    eigenvalues: Complex[np.ndarray, " value"]
    residuals: Float[np.ndarray, " value"]

    def nearest(
        self, values: Complex[np.ndarray, " latent"]
    ) -> tuple[Complex[np.ndarray, " latent"], Float[np.ndarray, " latent"]]:
        """Return the eigenvalue nearest to each of `values`, and its residual."""
        place = np.argmin(np.abs(values[:, None] - self.eigenvalues), axis=1)
        return self.eigenvalues[place], self.residuals[place]


@dataclass(frozen=True)
class Pseudospectrum:
    """τ on a grid of the upper half plane; the lower half is its mirror image.

    Attributes:
        real: Re z.
        imag: Im z, from 0.
        tau: Smallest residual at z, one row per Im z.
        directions: Size of the dictionary.
    """

    real: Float[np.ndarray, " across"]
    imag: Float[np.ndarray, " up"]
    tau: Float[np.ndarray, "up across"]
    directions: int


def fit(training: Pairs, held_out: Pairs) -> Edmd:
    """Fit on one set of transitions and judge on another."""
    x, y = _dictionary(training)
    mean_x, mean_y = x.mean(0), y.mean(0)
    directions = _directions(x)
    a, b = (x - mean_x) @ directions, (y - mean_y) @ directions
    values, vectors = np.linalg.eig(np.linalg.lstsq(a, b, rcond=None)[0])
    x, y = _dictionary(held_out)
    before = ((x - mean_x) @ directions) @ vectors
    after = ((y - mean_y) @ directions) @ vectors
    error = np.mean(np.abs(after - values * before) ** 2, axis=0)
    spread = np.mean(np.abs(after - after.mean(0)) ** 2, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = np.sqrt(error / spread)
    return Edmd(values.astype(np.complex128), residuals)


def pseudospectrum(held_out: Pairs, grid: int) -> Pseudospectrum:
    """Compute τ at `grid` points from -1.1 to 1.1 and half as many upwards."""
    x, y = _dictionary(held_out)
    directions = _directions(x)
    a, b = (x - x.mean(0)) @ directions, (y - y.mean(0)) @ directions
    orthogonal, triangular = np.linalg.qr(a)
    scaled = np.linalg.solve(triangular.T, b.T).T
    square, cross = scaled.T @ scaled, scaled.T @ orthogonal
    identity = np.eye(len(square))
    real = np.linspace(-REACH, REACH, grid)
    imag = np.linspace(0.0, REACH, grid // 2 + 1)
    tau = np.empty((len(imag), len(real)))
    for row, height in enumerate(imag):
        z = (real + 1j * height)[:, None, None]
        hermitian = square - z * cross.T - z.conj() * cross + np.abs(z) ** 2 * identity
        least = np.linalg.eigvalsh(hermitian)[:, 0]
        tau[row] = np.sqrt(np.maximum(least, 0.0))
    return Pseudospectrum(real, imag, tau, len(square))


def _dictionary(
    pairs: Pairs,
) -> tuple[Float[np.ndarray, "row part"], Float[np.ndarray, "row part"]]:
    x, y = pairs.before, pairs.after - pairs.inputs
    return np.c_[x.real, x.imag], np.c_[y.real, y.imag]


def _directions(x: Float[np.ndarray, "row part"]) -> Float[np.ndarray, "part kept"]:
    # Scaled to unit variance, so that the regression is well conditioned.
    _, sizes, rows = np.linalg.svd(x - x.mean(0), full_matrices=False)
    kept = sizes**2 > KEPT * max(float(np.sum(sizes**2)), np.finfo(float).tiny)
    kept[MAX_DIRECTIONS:] = False
    kept[0] = True
    scale = np.maximum(sizes[kept], np.finfo(float).tiny) / np.sqrt(len(x))
    return rows[kept].T / scale
