"""How many of the latents are used: rank, entropy, dead and duplicate modes.

With ρ = Cov(x) / tr Cov(x), the von Neumann entropy is S = -tr(ρ log ρ) and the effective
rank exp(S); the participation ratio is 1 / tr ρ². Source: the diagnostics of "Information
Shapes Koopman Representation", arXiv:2510.13025.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

CORRELATION = 0.99
"""Modes correlated by more than this, with eigenvalues closer than the next, are one."""
DISTANCE = 1e-2


@dataclass(frozen=True)
class Latents:
    """How the variance of the modes is spread on held-out states.

    Attributes:
        modes: Number of modes.
        entropy: Von Neumann entropy S of their covariance, in nats.
        effective_rank: exp(S), between 1 and the number of modes.
        participation_ratio: 1 / tr ρ²; weighs the large directions more.
        rank_99: Directions that hold 99 % of the variance.
        dead: Indices of modes with less than `residuals.DEAD_ENERGY` of the variance.
        duplicates: Pairs of indices with nearly the same eigenvalue whose values are
            correlated above `CORRELATION`.
    """

    modes: int
    entropy: float
    effective_rank: float
    participation_ratio: float
    rank_99: int
    dead: tuple[int, ...]
    duplicates: tuple[tuple[int, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return asdict(self)


def measure(
    values: Complex[np.ndarray, "row latent"],
    eigenvalues: Complex[np.ndarray, " latent"],
    dead: np.ndarray,
) -> Latents:
    """Measure the modes at some states."""
    centred = values - values.mean(0)
    covariance = centred.conj().T @ centred / len(centred)
    share = np.maximum(np.linalg.eigvalsh(covariance), 0.0)[::-1]
    share = share / max(float(share.sum()), np.finfo(float).tiny)
    positive = share[share > 0]
    entropy = float(-np.sum(positive * np.log(positive)))
    return Latents(
        modes=len(eigenvalues),
        entropy=entropy,
        effective_rank=float(np.exp(entropy)),
        participation_ratio=float(1 / max(np.sum(share**2), np.finfo(float).tiny)),
        rank_99=int(np.searchsorted(np.cumsum(share), 0.99) + 1),
        dead=tuple(np.flatnonzero(dead).tolist()),
        duplicates=_duplicates(covariance, eigenvalues, dead),
    )


def _duplicates(
    covariance: Complex[np.ndarray, "latent latent"],
    eigenvalues: Complex[np.ndarray, " latent"],
    dead: np.ndarray,
) -> tuple[tuple[int, int], ...]:
    spread = np.sqrt(np.maximum(np.diag(covariance).real, 0.0))
    scale: Float[np.ndarray, "latent latent"] = np.outer(spread, spread)
    correlation = np.abs(covariance) / np.maximum(scale, np.finfo(float).tiny)
    near = np.abs(eigenvalues[:, None] - eigenvalues) < DISTANCE
    alive = np.outer(~dead, ~dead)
    rows, columns = np.nonzero(np.triu(near & alive & (correlation > CORRELATION), k=1))
    return tuple(zip(rows.tolist(), columns.tolist(), strict=True))
