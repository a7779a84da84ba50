"""How much inputs move each mode, and how much each mode moves the observations."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from koopcli.spectrum.linear_form import reader
from koopcli.spectrum.pairs import Pairs


@dataclass(frozen=True)
class Participation:
    """One number per mode; see docs/spectrum.md.

    Attributes:
        input_gain: Standard deviation of what the recorded actions add in one step, over
            that of the mode.
        static_gain: The same divided by |1 - λ|: a constant action's effect.
        output_participation: Share of the mode in the sum over modes of the squared
            effect on the observations, |∂ŝ/∂x_j| σ_j in standard units, averaged
            over held-out states.
    """

    input_gain: Float[np.ndarray, " latent"]
    static_gain: Float[np.ndarray, " latent"]
    output_participation: Float[np.ndarray, " latent"]


def measure(pairs: Pairs, probes: int) -> Participation:
    """Measure on held-out pairs; decoders are differentiated at `probes` of them."""
    tiny = np.finfo(float).tiny
    spread = np.std(pairs.after, axis=0)
    gain = np.std(pairs.inputs, axis=0) / np.maximum(spread, tiny)
    gain = np.where(spread > 0, gain, 0.0)
    distance = np.abs(1 - pairs.modal.eigenvalues)
    effect = _sensitivity(pairs, probes) * spread**2
    return Participation(
        input_gain=gain,
        static_gain=gain / np.maximum(distance, tiny),
        output_participation=effect / max(float(effect.sum()), tiny),
    )


def _sensitivity(pairs: Pairs, probes: int) -> Float[np.ndarray, " latent"]:
    # Mean over states of Σ_d |∂ŝ_d/∂x_j|² / σ_d²; real and imaginary parts are averaged.
    chosen = np.linspace(0, len(pairs) - 1, min(probes, len(pairs))).astype(int)
    values = pairs.before[chosen]
    parts = jnp.asarray(np.c_[values.real, values.imag], jnp.float32)
    scale = np.asarray(pairs.modal.model.state_normaliser.scale, np.float64)
    slopes = eqx.filter_jit(jax.vmap(jax.jacrev(reader(pairs.modal))))(parts)
    squared = np.mean((np.asarray(slopes, np.float64) / scale[:, None]) ** 2, axis=0)
    half = squared.shape[1] // 2
    return squared[:, :half].sum(0) / 2 + squared[:, half:].sum(0) / 2
