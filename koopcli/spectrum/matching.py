"""Do two spectra say the same? Hausdorff distances and a one-to-one matching.

A mode of a real system is a pair λ, conj λ, and a diagonal model may hold either; spectra
are therefore compared with negative phases mirrored into the upper half plane.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float
from scipy.optimize import linear_sum_assignment

CLOSE = 0.02
"""Modes that are matched within this distance count as found by both."""


@dataclass(frozen=True)
class Match:
    """Spectrum B held against spectrum A; distances are those of λ in the plane.

    Attributes:
        a: Name of the one.
        b: Name of the other.
        hausdorff: Largest distance from a mode of either to the nearest of the other.
        directed: Largest distance from a mode of A to the nearest of B.
        directed_back: The same from B to A.
        median: Median distance of matched modes.
        matched: Modes matched one to one: as many as the smaller spectrum has.
        common: Share of these that are closer than `CLOSE`.
        by_chance: The same share if B had the moduli it has and phases drawn at random:
            many modes lie close to any point.
    """

    a: str
    b: str
    hausdorff: float
    directed: float
    directed_back: float
    median: float
    matched: int
    common: float
    by_chance: float

    def as_json(self) -> dict[str, Any]:
        """Return one row of the JSON document."""
        return asdict(self)


def compare(
    a: Complex[np.ndarray, " one"],
    b: Complex[np.ndarray, " other"],
    names: tuple[str, str] = ("a", "b"),
    *,
    seed: int = 0,
) -> Match:
    """Match two spectra so that the sum of distances is least."""
    distance = _distances(a, b)
    matched = _assigned(distance)
    random = np.random.default_rng(seed)
    chance = [
        _assigned(
            _distances(a, np.abs(b) * np.exp(1j * random.uniform(0, np.pi, len(b))))
        )
        for _ in range(20)
    ]
    there, back = float(distance.min(1).max()), float(distance.min(0).max())
    return Match(
        a=names[0],
        b=names[1],
        hausdorff=max(there, back),
        directed=there,
        directed_back=back,
        median=float(np.median(matched)),
        matched=len(matched),
        common=float(np.mean(matched < CLOSE)),
        by_chance=float(np.mean([np.mean(part < CLOSE) for part in chance])),
    )


def mirror(values: Complex[np.ndarray, " latent"]) -> Complex[np.ndarray, " latent"]:
    """Return λ or conj λ, whichever lies in the upper half plane."""
    return values.real + 1j * np.abs(values.imag)


def _distances(
    a: Complex[np.ndarray, " one"], b: Complex[np.ndarray, " other"]
) -> Float[np.ndarray, "one other"]:
    return np.abs(mirror(a)[:, None] - mirror(b))


def _assigned(distance: Float[np.ndarray, "one other"]) -> Float[np.ndarray, " match"]:
    return distance[linear_sum_assignment(distance)]
