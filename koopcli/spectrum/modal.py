"""A model as modes: x_j[t+1] = λ_j x_j[t] + u_j(a[t]), with x = φ(s) at the start.

The diagonal model is of this form as it is. That of EDMDc is brought to it by the
eigenvectors of its matrix, z' = z M + a B + c with M V = V Λ, so x = z V. All
that is said of a spectrum needs no more than these functions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Complex, Float

from koopcli import run_dir
from koopcli.errors import ModelError
from koopcli.model import checkpoint
from koopcli.model.checkpoint import SavedModel
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.header import ModelMeta
from koopcli.model.koopman import KoopmanModel

ROWS = 4096
"""Rows per call of the device."""


@dataclass(frozen=True)
class Modal:
    """A model whose time is linear, mode by mode.

    Attributes:
        model: The model itself.
        meta: What it was trained on.
        eigenvalues: λ, one per mode.
        phases: Phases as the model keeps them, radians per step.
        observe: φ: observations in physical units to modes.
        drive: u: actions in physical units to what they add to each mode.
        basis: V, the modes in terms of the model's own latents; None: the latents
            are the modes.
    """

    model: KoopmanModel | EdmdcModel
    meta: ModelMeta
    eigenvalues: Complex[np.ndarray, " latent"]
    phases: Float[np.ndarray, " latent"]
    observe: Callable[
        [Float[np.ndarray, "row state"]], Complex[np.ndarray, "row latent"]
    ]
    drive: Callable[
        [Float[np.ndarray, "row action"]], Complex[np.ndarray, "row latent"]
    ]
    basis: Complex[np.ndarray, "latent latent"] | None = None


def load(run: Path) -> Modal:
    """Read a run folder or model file as modes.

    Raises:
        ModelError: There is no usable model at `run`, or it has no eigenvalues.
    """
    return of(checkpoint.load(run_dir.model_file(run)), str(run))


def of(saved: SavedModel, name: str = "model") -> Modal:
    """Bring a model to its modes.

    Raises:
        ModelError: Its time is not linear; `name` is what the message calls it.
    """
    if isinstance(saved.model, KoopmanModel):
        return _diagonal(saved.model, saved.meta)
    if isinstance(saved.model, EdmdcModel):
        return _diagonalised(saved.model, saved.meta)
    raise ModelError(
        f"{name}: a {saved.meta.model_config.kind} model has no eigenvalues; give a "
        "run of --model koopman or edmdc"
    )


def _diagonal(model: KoopmanModel, meta: ModelMeta) -> Modal:
    exponents = np.asarray(model.spectrum.log()).astype(np.complex128)
    return Modal(
        model=model,
        meta=meta,
        eigenvalues=np.asarray(model.eigenvalues()).astype(np.complex128),
        phases=exponents.imag,
        observe=lambda states: _in_blocks(_encode, model, states),
        drive=lambda actions: _in_blocks(_push, model, actions),
    )


def _diagonalised(model: EdmdcModel, meta: ModelMeta) -> Modal:
    values, vectors = np.linalg.eig(np.asarray(model.dynamics, np.float64))
    vectors = vectors.astype(np.complex128)
    inputs = np.asarray(model.inputs, np.float64)
    offset = np.asarray(model.offset, np.float64)

    def drive(actions: np.ndarray) -> np.ndarray:
        units = model.action_normaliser
        mean, scale = (np.asarray(part) for part in (units.mean, units.scale))
        return (((actions - mean) / scale) @ inputs + offset) @ vectors

    return Modal(
        model=model,
        meta=meta,
        eigenvalues=values.astype(np.complex128),
        phases=np.angle(values).astype(np.float64),
        observe=lambda states: _in_blocks(_features, model, states) @ vectors,
        drive=drive,
        basis=vectors,
    )


@eqx.filter_jit
def _encode(model: KoopmanModel, states: jax.Array) -> jax.Array:
    return model.lift(model.state_normaliser.standardise(states))


@eqx.filter_jit
def _push(model: KoopmanModel, actions: jax.Array) -> jax.Array:
    return model.drive(model.action_normaliser.standardise(actions))


@eqx.filter_jit
def _features(model: EdmdcModel, states: jax.Array) -> jax.Array:
    return model.lift(model.state_normaliser.standardise(states))


def _in_blocks(
    function: Callable[[Any, jax.Array], jax.Array],
    model: DynamicsModel,
    rows: np.ndarray,
) -> np.ndarray:
    # Blocks of one size compile once; the last is filled up with its last row.
    size = min(ROWS, len(rows))
    parts = []
    for first in range(0, len(rows), size):
        block = np.asarray(rows[first : first + size], np.float32)
        filled = np.pad(block, [(0, size - len(block)), (0, 0)], mode="edge")
        parts.append(np.asarray(function(model, jnp.asarray(filled)))[: len(block)])
    return np.concatenate(parts).astype(np.complex128)
