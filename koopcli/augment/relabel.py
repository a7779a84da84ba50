"""Actions whose inputs are given: least squares of B(ã) = aim, from the action that was.

Levenberg-Marquardt for all actions at once, with a damping that follows the misfit; a step
that does not help is not taken.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Complex, Float

from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.latent_model import ROWS
from koopcli.model.koopman import KoopmanModel
from koopcli.model.networks import unpack

STEPS = 12
TINY = 1e-12


def solve(
    model: DiagonalModel,
    actions: Float[np.ndarray, "batch time action"],
    aim: Complex[np.ndarray, "batch time latent"],
) -> Float[np.ndarray, "batch time action"]:
    """Return the actions whose inputs come closest to `aim`; what is not finite stays."""
    rows = actions.reshape(-1, actions.shape[-1])
    parts = np.concatenate([aim.real, aim.imag], axis=-1)
    parts = parts.reshape(len(rows), parts.shape[-1])
    found = []
    size = min(ROWS, 1 << max(0, len(rows) - 1).bit_length())
    for first in range(0, len(rows), size):
        here = slice(first, min(first + size, len(rows)))
        fill = [(0, size - (here.stop - first)), (0, 0)]
        start = np.pad(rows[here].astype(np.float32), fill, mode="edge")
        target = np.pad(parts[here].astype(np.float32), fill, mode="edge")
        solved = _solve(model.model, jnp.asarray(start), jnp.asarray(target))
        found.append(np.asarray(solved)[: here.stop - first])
    joined = np.concatenate(found).reshape(actions.shape).astype(np.float64)
    return np.where(np.isfinite(joined), joined, actions)


def miss(
    reached: Complex[np.ndarray, "batch time latent"],
    aim: Complex[np.ndarray, "batch time latent"],
    before: Complex[np.ndarray, "batch time latent"],
    steps: Bool[np.ndarray, "batch time"],
) -> Float[np.ndarray, " batch"]:
    """Return |B(ã) - S B(a)| / |S B(a) - B(a)|: 1 is what keeping the action leaves."""
    left = np.sum(np.abs(reached - aim) ** 2, axis=-1)
    wanted = np.sum(np.abs(aim - before) ** 2, axis=-1)
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = (left * steps).sum(1) / np.maximum((wanted * steps).sum(1), TINY)
        return np.sqrt(ratio)


@eqx.filter_jit
def _solve(
    model: KoopmanModel,
    actions: Float[Array, "row action"],
    aim: Float[Array, "row parts"],
) -> Float[Array, "row action"]:
    def drive(action: Array) -> Array:
        return unpack(model.drive(action))

    def one(action: Array, target: Array) -> Array:
        def step(carry: tuple[Array, Array], _: None) -> tuple[tuple, None]:
            now, damping = carry
            residual = drive(now) - target
            slope = jax.jacfwd(drive)(now)
            normal = slope.T @ slope
            floor = damping * jnp.trace(normal) * jnp.eye(now.size) + TINY * jnp.eye(
                now.size
            )
            tried = now - jnp.linalg.solve(normal + floor, slope.T @ residual)
            better = jnp.sum((drive(tried) - target) ** 2) < jnp.sum(residual**2)
            damping = jnp.where(better, damping / 10, damping * 10)
            return (jnp.where(better, tried, now), damping), None

        (found, _), _ = lax.scan(step, (action, jnp.float32(1e-3)), None, length=STEPS)
        return found

    standard = model.action_normaliser.standardise(actions)
    return model.action_normaliser.restore(jax.vmap(one)(standard, aim))
