"""The nearest orthogonal matrix, about, by products alone: what Muon follows.

With the singular values of X between 0 and 1, a X + b X Xᵀ X + c X Xᵀ X Xᵀ X has the
singular vectors of X and the values a σ + b σ³ + c σ⁵. A few such polynomials bring all
values but the smallest close to 1; the optimiser needs no more. Source: Jordan et al. 2024,
https://kellerjordan.github.io/posts/muon; each polynomial the best one for the values that
those before it leave, as in Amsel et al. 2025, arXiv:2505.16932.
"""

import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float

POLYNOMIALS = (
    (8.2987, -24.4305, 18.0903),
    (3.9152, -2.9211, 0.5592),
    (3.1746, -2.3804, 0.4978),
)
"""a, b and c: they bring values between 0.005 and 1 into 0.5 to 1.5."""


def orthogonal(matrix: Float[Array, "rows columns"]) -> Float[Array, "rows columns"]:
    """Return the matrix with its singular values made about one; zeros stay zeros."""
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.T).T
    # The Frobenius norm, which is no less than the largest singular value.
    start = matrix / jnp.maximum(jnp.linalg.norm(matrix), 1e-15)

    def apply(x: Array, polynomial: Array) -> tuple[Array, None]:
        a, b, c = polynomial
        square = x @ x.T
        return a * x + (b * square + c * square @ square) @ x, None

    return lax.scan(apply, start, jnp.array(POLYNOMIALS, matrix.dtype))[0]
