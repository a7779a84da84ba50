"""Directions g of log σ along which S = diag(exp g) leaves states where states are.

States fill only a thin sheet E(s) of latent space, so an arbitrary S moves them off it.
To first order S moves z by g ⊙ z, and what E(D(·)) makes of that is P (g ⊙ z) with
P = E' D' at z. The directions are those with the smallest

    mean |(1 - P) (g ⊙ z)|² / mean |g ⊙ z|²        over states,

eigenvectors of a symmetric matrix in (Re g, Im g), since both are quadratic; the root of an
eigenvalue is the relative cycle error. With actions that are to follow, the same is asked
of the inputs: (1 - Q) (g ⊙ u), Q the projector on what other actions can reach. Derived for
this project; docs/augmentation.md.
"""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float

from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.errors import ModelError
from koopcli.model.koopman import KoopmanModel
from koopcli.model.networks import unpack

CHUNK = 32
"""States whose matrices are in memory at once."""
DEAD = 1e-10
"""Share of the largest mode's energy below which a mode cannot be moved."""


@dataclass(frozen=True)
class Generators:
    """Directions, the best first, each as long as to move latents by their own size.

    Attributes:
        directions: g, one per row.
        misses: Relative cycle error of each, to first order.
    """

    directions: Complex[np.ndarray, "direction latent"]
    misses: Float[np.ndarray, " direction"]


def independent(modes: Bool[np.ndarray, " latent"]) -> Generators:
    """Return growth and phase of each of these modes for itself, untested."""
    rows = np.eye(len(modes), dtype=np.complex128)[modes]
    return Generators(np.concatenate([rows, 1j * rows]), np.full(2 * len(rows), np.nan))


def on_image(
    model: DiagonalModel,
    states: Float[np.ndarray, "row state"],
    modes: Bool[np.ndarray, " latent"],
    actions: Float[np.ndarray, "row action"] | None = None,
) -> Generators:
    """Find all directions of these modes, sorted by what they miss.

    Args:
        model: The model.
        states: Where it is asked, physical units.
        modes: Those that may move.
        actions: Taken at `states`; None: inputs are not asked.
    """
    size = 2 * len(modes)
    missed, moved = np.zeros((size, size)), np.zeros(size)
    pushed, driven = np.zeros((size, size)), np.zeros(size)
    for first in range(0, len(states), CHUNK):
        rows = slice(first, first + CHUNK)
        back, forth, point = _image(model.model, _single(states[rows]))
        _add(missed, moved, back, forth, point)
        if actions is not None:
            slope, inputs = _reach(model.model, _single(actions[rows]))
            _add(pushed, driven, slope, np.linalg.pinv(slope), inputs)
    if actions is not None and driven.sum() > 0:
        # Both count alike, whatever the size of the inputs.
        weight = moved.sum() / driven.sum()
        missed, moved = missed + weight * pushed, moved + weight * driven
    both = np.concatenate([modes, modes]) & (moved > DEAD * moved.max())
    scale = np.sqrt(np.where(both, moved, 1.0))
    chosen = np.flatnonzero(both)
    values, vectors = np.linalg.eigh(
        (missed / np.outer(scale, scale))[np.ix_(chosen, chosen)]
    )
    full = np.zeros((len(chosen), size))
    full[:, chosen] = vectors.T / scale[chosen] * np.sqrt(moved[: len(modes)].sum())
    real, imag = np.split(full, 2, axis=1)
    return Generators(real + 1j * imag, np.sqrt(np.maximum(values, 0.0)))


def best(found: Generators, count: int, limit: float) -> Generators:
    """Keep at most `count` directions that miss less than `limit`.

    Raises:
        ModelError: There is none.
    """
    chosen = np.flatnonzero(found.misses < limit)[:count]
    if not len(chosen):
        least = f"{found.misses.min():.2g}" if len(found.misses) else "all"
        raise ModelError(
            "no diagonal symmetry of this model keeps states where states are: the best "
            f"direction misses by {least} of its length, --max-cycle is {limit:g}; use "
            "--mode homogeneous, or --directions free for moves that are not tested so"
        )
    return Generators(found.directions[chosen], found.misses[chosen])


def _add(
    missed: np.ndarray,
    moved: np.ndarray,
    back: Float[np.ndarray, "row part narrow"],
    forth: Float[np.ndarray, "row narrow part"],
    point: Float[np.ndarray, "row part"],
) -> None:
    # g ⊙ z = Z g in real parts; then (1 - P) Z with P = back · forth.
    real, imag = np.split(point, 2, axis=1)
    modes = real.shape[1]
    place = np.arange(modes)
    product = np.zeros((len(point), 2 * modes, 2 * modes))
    product[:, place, place] = product[:, modes + place, modes + place] = real
    product[:, modes + place, place] = imag
    product[:, place, modes + place] = -imag
    rest = (product - back @ (forth @ product)).reshape(-1, 2 * modes)
    missed += rest.T @ rest
    moved += np.tile((real**2 + imag**2).sum(0), 2)


def _single(rows: np.ndarray) -> jax.Array:
    return jnp.asarray(rows, jnp.float32)


def _image(model: KoopmanModel, states: Array) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(part, np.float64) for part in _slopes(model, states))


def _reach(model: KoopmanModel, actions: Array) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(part, np.float64) for part in _input_slopes(model, actions))


@eqx.filter_jit
def _slopes(
    model: KoopmanModel, states: Float[Array, "row state"]
) -> tuple[Array, Array, Array]:
    def one(state: Array) -> tuple[Array, Array, Array]:
        point = model.encoder(state)
        return jax.jacfwd(model.encoder)(state), jax.jacrev(model.decoder)(point), point

    return jax.vmap(one)(model.state_normaliser.standardise(states))


@eqx.filter_jit
def _input_slopes(
    model: KoopmanModel, actions: Float[Array, "row action"]
) -> tuple[Array, Array]:
    def drive(action: Array) -> Array:
        return unpack(model.drive(action))

    def one(action: Array) -> tuple[Array, Array]:
        return jax.jacfwd(drive)(action), drive(action)

    return jax.vmap(one)(model.action_normaliser.standardise(actions))
