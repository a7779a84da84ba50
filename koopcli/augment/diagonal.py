"""Modes that multiply: z̃[t] = S z[t] for all t, with S diagonal, so [S, Λ] = 0.

That is a symmetry only if the inputs are multiplied too: without inputs (`commute`, and
`flow` with σ_j = λ_j^τ), or with another action that does it (`equivariant`).
"""

import numpy as np
from jaxtyping import Complex, Float

from koopcli.augment import relabel
from koopcli.augment.blocks import Encoded
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.generators import Generators
from koopcli.augment.operator import Moved, Operator, moved


def commute(model: DiagonalModel, found: Generators) -> Operator:
    """σ = exp(c · g) with the actions kept; g is zero where a mode has inputs."""

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        factor = exponential(found, draw)
        return moved(model, encoded, multiply(encoded, factor))

    return Operator(len(found.directions), move, found.directions, found.misses)


def equivariant(model: DiagonalModel, found: Generators) -> Operator:
    """σ = exp(c · g) with other actions: B(ã) = S B(a)."""

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        factor = exponential(found, draw)
        aim = factor[:, None] * encoded.inputs
        actions = relabel.solve(model, encoded.blocks.actions, aim)
        miss = relabel.miss(
            model.drive(actions), aim, encoded.inputs, encoded.blocks.steps
        )
        return moved(model, encoded, multiply(encoded, factor), (actions, miss))

    return Operator(len(found.directions), move, found.directions, found.misses)


def flow(model: DiagonalModel) -> Operator:
    """σ_j = λ_j^τ, one τ for all modes: a shift in time, of data without inputs."""
    found = Generators(model.exponents[None], np.zeros(1))

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        return moved(model, encoded, multiply(encoded, exponential(found, draw)))

    return Operator(1, move)


def exponential(
    found: Generators, draw: Float[np.ndarray, "batch direction"]
) -> Complex[np.ndarray, "batch latent"]:
    """Return σ of each block."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(draw @ found.directions)


def multiply(
    encoded: Encoded, factor: Complex[np.ndarray, "batch latent"]
) -> Complex[np.ndarray, "batch point latent"]:
    """Return S z[t]."""
    with np.errstate(over="ignore", invalid="ignore"):
        return factor[:, None] * encoded.latents
