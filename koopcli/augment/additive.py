"""Modes that add a free response: z̃[t] = z[t] + Λ^t δ, with the actions kept.

Exact for any δ: z[t+1] = Λ z[t] + u[t] + e[t] with the same u and e holds for z̃. Scaling
both states with the action kept (the published recipe) is no symmetry of such a model: it
leaves (S - 1) u[t]. As any δ will do, it is chosen so that z̃[0] = E(s̃[0]) for a state s̃[0].
Derivation: docs/augmentation.md.
"""

import numpy as np
from jaxtyping import Complex, Float

from koopcli.augment.blocks import Encoded
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.operator import Moved, Operator, moved


def on_image(model: DiagonalModel) -> Operator:
    """s̃[0] = s[0] + ε, with ε in standard deviations."""

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        start = encoded.blocks.observations[:, 0]
        return _from(model, encoded, start + draw * model.reach)

    return Operator(len(model.reach), move)


def free(model: DiagonalModel) -> Operator:
    """s̃[0] decoded from S z[0] with σ_j = exp(ρ_j + i θ_j): every mode for itself."""
    modes = len(model.exponents)

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        with np.errstate(over="ignore", invalid="ignore"):
            factor = np.expm1(draw[:, :modes] + 1j * draw[:, modes:])
            delta = factor * encoded.latents[:, 0]
        return _from(model, encoded, _decoded(model, encoded, delta))

    return Operator(2 * modes, move)


def flow(model: DiagonalModel) -> Operator:
    """s̃[0] decoded from Λ^τ z[0] + (Λ^τ - 1) / (Λ - 1) u[0]: τ steps later or earlier.

    On the way there the first action is held; afterwards the actions are those of the
    block, at the times of the block.
    """

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        with np.errstate(over="ignore", invalid="ignore"):
            change = np.expm1(draw * model.exponents)
            step = np.expm1(model.exponents)
            still = np.abs(step) < 1e-9
            share = np.where(still, draw, change / np.where(still, 1, step))
            delta = change * encoded.latents[:, 0] + share * encoded.inputs[:, 0]
        return _from(model, encoded, _decoded(model, encoded, delta))

    return Operator(1, move)


def add(
    model: DiagonalModel, encoded: Encoded, delta: Complex[np.ndarray, "batch latent"]
) -> Complex[np.ndarray, "batch point latent"]:
    """Return z[t] + Λ^t δ."""
    powers = model.powers(encoded.inputs.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        return encoded.latents + powers * delta[:, None]


def _decoded(
    model: DiagonalModel, encoded: Encoded, delta: Complex[np.ndarray, "batch latent"]
) -> Float[np.ndarray, "batch state"]:
    before = encoded.latents[:, 0]
    delta = np.where(np.isfinite(delta), delta, np.nan)
    shift = model.decode(before + delta) - model.decode(before)
    return encoded.blocks.observations[:, 0] + shift * (model.reach > 0)


def _from(
    model: DiagonalModel, encoded: Encoded, start: Float[np.ndarray, "batch state"]
) -> Moved:
    # In the precision it is written in, so that E(s̃[0]) is what a reader of it finds.
    with np.errstate(over="ignore"):
        start = start.astype(np.float32)
    delta = model.encode(start) - encoded.latents[:, 0]
    return moved(model, encoded, add(model, encoded, delta), start=start)
