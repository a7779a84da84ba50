"""The model as matrices, for control design and frequency responses.

    x[t+1] = Λ x[t] + B a[t] + b,   ŝ[t] = Re(C x[t]) + d,   x[0] = E s[0] + e

in physical units, complex. Where the action encoder, the decoder or the encoder is not
linear, its matrix is the derivative at the training mean, and `exact` says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from koopcli.model.koopman import KoopmanModel
from koopcli.model.networks import Network
from koopcli.spectrum.modal import Modal


@dataclass(frozen=True)
class Exact:
    """Which maps are linear, so that their matrices say all."""

    input: bool
    output: bool
    encoder: bool


@dataclass(frozen=True)
class LinearForm:
    """See the module's equations.

    Attributes:
        eigenvalues: Λ.
        input_matrix: B, one column per action.
        input_offset: b.
        output_matrix: C, one row per observation.
        output_offset: d.
        encoder_matrix: E.
        encoder_offset: e.
        exact: Which of them are derivatives only.
    """

    eigenvalues: Complex[np.ndarray, " latent"]
    input_matrix: Complex[np.ndarray, "latent action"]
    input_offset: Complex[np.ndarray, " latent"]
    output_matrix: Complex[np.ndarray, "state latent"]
    output_offset: Float[np.ndarray, " state"]
    encoder_matrix: Complex[np.ndarray, "latent state"]
    encoder_offset: Complex[np.ndarray, " latent"]
    exact: Exact


def of(modal: Modal) -> LinearForm:
    """Return the matrices of a model, by automatic differentiation at the mean."""
    model = modal.model
    state_mean = np.asarray(model.state_normaliser.mean, np.float64)
    action_mean = np.asarray(model.action_normaliser.mean, np.float64)
    start, steer = _entrances(modal)
    read = reader(modal)
    encoder, encoder_offset = _affine(start, state_mean)
    push, push_offset = _affine(steer, action_mean)
    latent = modal.observe(state_mean[None])[0]
    output, output_offset = _real_affine(read, latent)
    return LinearForm(
        eigenvalues=modal.eigenvalues,
        input_matrix=push,
        input_offset=push_offset,
        output_matrix=output,
        output_offset=output_offset,
        encoder_matrix=encoder,
        encoder_offset=encoder_offset,
        exact=_exact(modal),
    )


def simulate(
    form: LinearForm,
    start: Complex[np.ndarray, " latent"],
    actions: Float[np.ndarray, "time action"],
) -> Float[np.ndarray, "time state"]:
    """Roll the matrices out from latents, without re-encoding; row k-1 is k ahead."""
    states = []
    for action in actions:
        drive = form.input_matrix @ action + form.input_offset
        start = form.eigenvalues * start + drive
        states.append((form.output_matrix @ start).real + form.output_offset)
    return np.array(states).reshape(len(actions), len(form.output_offset))


def _exact(modal: Modal) -> Exact:
    model = modal.model
    if isinstance(model, KoopmanModel):
        return Exact(
            input=_linear(model.action_encoder),
            output=_linear(model.decoder),
            encoder=_linear(model.encoder),
        )
    return Exact(input=True, output=True, encoder=False)


def _linear(network: Network | None) -> bool:
    return network is None or len(network.layers) == 1


def reader(modal: Modal) -> Callable[[Array], Array]:
    """Return the map from (Re, Im) of the modes to an observation, physical units."""
    model, basis = modal.model, modal.basis
    if isinstance(model, KoopmanModel):
        decoder = model.decoder
        return lambda parts: model.state_normaliser.restore(decoder(parts))
    assert basis is not None
    back = np.linalg.inv(basis)[:, : model.state_normaliser.mean.size]
    real = jnp.asarray(np.r_[back.real, -back.imag], jnp.float32)
    return lambda parts: model.state_normaliser.restore(parts @ real)


def _entrances(modal: Modal) -> tuple[Callable, Callable]:
    # Observation to modes, action to modes.
    model = modal.model
    if isinstance(model, KoopmanModel):
        diagonal = model
        return (
            diagonal.encode,
            lambda a: diagonal.drive(diagonal.action_normaliser.standardise(a)),
        )
    general = model
    vectors = jnp.asarray(modal.basis, jnp.complex64)

    def lift(state: Array) -> Array:
        lifted = general.lift(general.state_normaliser.standardise(state))
        return lifted.astype(jnp.complex64) @ vectors

    def push(action: Array) -> Array:
        units = general.action_normaliser.standardise(action)
        pushed = units @ general.inputs + general.offset
        return pushed.astype(jnp.complex64) @ vectors

    return lift, push


def _affine(
    function: Callable, point: np.ndarray
) -> tuple[Complex[np.ndarray, "row column"], Complex[np.ndarray, " row"]]:
    parts = eqx.filter_jit(lambda x: jnp.stack([function(x).real, function(x).imag]))
    at = jnp.asarray(point, jnp.float32)
    value, slope = np.asarray(parts(at)), np.asarray(jax.jacfwd(parts)(at))
    matrix = (slope[0] + 1j * slope[1]).astype(np.complex128)
    return matrix, value[0] + 1j * value[1] - matrix @ point


def _real_affine(
    read: Callable, latent: Complex[np.ndarray, " latent"]
) -> tuple[Complex[np.ndarray, "state latent"], Float[np.ndarray, " state"]]:
    point = np.r_[latent.real, latent.imag]
    at = jnp.asarray(point, jnp.float32)
    slope = np.asarray(jax.jacrev(read)(at), np.float64)
    half = len(latent)
    # Cr Re x + Ci Im x = Re((Cr - i Ci) x).
    matrix = slope[:, :half] - 1j * slope[:, half:]
    return matrix, np.asarray(read(at), np.float64) - slope @ point
