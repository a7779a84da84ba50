"""How gradients travel back through time: the theorem against automatic differentiation.

For a diagonal model the gradient of a loss k steps ahead with respect to the latent it
started from is, mode by mode, that at step k times conj(λ_j)^k, of size e^(kΔμ_j). Source:
Mondal et al. 2024, arXiv:2306.11941, Theorem 1. It says nothing about encoder and decoder,
through which a loss on states has to pass; so the gain from s[0] to ŝ[k] is measured too,

    gain[k] = √( mean over states of |∂ŝ[k] / ∂s[0]|²_F / n ),   standard units,

for one linear stretch and, where the model re-encodes, as it is rolled out.
"""

from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from koopcli.config.choices import Unroll
from koopcli.evaluate.rollouts import Windows
from koopcli.model.build import reconfigured
from koopcli.model.koopman import KoopmanModel
from koopcli.spectrum.modal import Modal

MAX_STEPS = 64
"""Bound on the numbers of steps at which the latent gradient is measured."""


@dataclass(frozen=True)
class GradientFlow:
    """Factors per number of steps k, in the order of `steps`.

    Attributes:
        steps: k.
        predicted: |λ_j|^k, one column per mode.
        measured: The same by automatic differentiation of the unroll.
        worst: Largest difference of the two, relative to the larger of 1 and prediction.
        state_gain: Gain from s[0] to ŝ[k] through encoder, time and decoder; None
            without data to measure it on.
        rollout_gain: The same as the model is rolled out, with its re-encodings; None
            if it has none.
        reencode_every: Steps between two of these.
    """

    steps: tuple[int, ...]
    predicted: Float[np.ndarray, "step latent"]
    measured: Float[np.ndarray, "step latent"]
    worst: float
    state_gain: Float[np.ndarray, " step"] | None
    rollout_gain: Float[np.ndarray, " step"] | None
    reencode_every: int

    @property
    def typical(self) -> Float[np.ndarray, " step"]:
        """Root mean square of the predicted factors over the modes."""
        return np.sqrt(np.mean(self.predicted**2, axis=1))

    @property
    def bend(self) -> Float[np.ndarray, " step"] | None:
        """How far encoder and decoder bend it: the state gain over the typical factor.

        Both are divided by their values at the first k, so it starts at 1; a flat
        line means that gradients of the states fade just as those of the latents.
        """
        if self.state_gain is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.state_gain / self.typical
            return ratio / ratio[0]

    def as_json(self) -> dict[str, Any]:
        """Return the part of the JSON document: one row per k."""
        quantiles = np.quantile(self.predicted, [0, 0.5, 1], axis=1)
        rows = {
            "steps": list(self.steps),
            "predicted_min": quantiles[0],
            "predicted_median": quantiles[1],
            "predicted_max": quantiles[2],
            "predicted_rms": self.typical,
            "measured_rms": np.sqrt(np.mean(self.measured**2, axis=1)),
            "state_gain": self.state_gain,
            "rollout_gain": self.rollout_gain,
            "bend": self.bend,
        }
        return {
            "largest_difference": self.worst,
            "reencode_every": self.reencode_every,
            **rows,
        }


def measure(
    modal: Modal,
    horizon: int,
    windows: Windows | None = None,
    *,
    seed: int = 0,
) -> GradientFlow | None:
    """Measure the flow up to `horizon` steps; None for a model that is not diagonal.

    Args:
        modal: The model.
        horizon: Largest k, usually the training horizon.
        windows: Rollouts along which to differentiate through encoder and decoder; if
            they are shorter, the gains beyond them are NaN.
        seed: Draws the gradient at step k, whose size does not matter.
    """
    model = modal.model
    if not isinstance(model, KoopmanModel):
        return None
    steps = _steps(horizon)
    with np.errstate(over="ignore", under="ignore"):
        predicted = np.abs(modal.eigenvalues) ** np.array(steps)[:, None]
    # float32 ends where the theorem does not: an overflow is no disagreement.
    predicted = np.minimum(predicted, float(np.finfo(np.float32).max))
    key = jax.random.key(seed)
    measured = np.asarray(_latent_factors(model, jnp.array(steps), max(steps), key))
    difference = np.abs(measured - predicted) / np.maximum(1.0, predicted)
    every = model.reencoding(None)
    gains: list[np.ndarray | None] = [None, None]
    if windows is not None:
        for place, interval in enumerate([0, every] if 0 < every < horizon else [0]):
            found = np.full(horizon, np.nan)
            gain = _gains(model, _standard(model, windows), interval)
            found[: gain.size] = np.asarray(gain)[:horizon]
            gains[place] = found[np.array(steps) - 1]
    return GradientFlow(
        steps, predicted, measured.astype(np.float64), float(difference.max()),
        gains[0], gains[1], every if gains[1] is not None else 0,
    )  # fmt: skip


def _steps(horizon: int) -> tuple[int, ...]:
    wanted = np.unique(np.linspace(1, horizon, min(horizon, MAX_STEPS)).astype(int))
    return tuple(wanted.tolist())


@eqx.filter_jit
def _latent_factors(
    model: KoopmanModel, steps: Array, horizon: int, key: Array
) -> Float[Array, "step latent"]:
    # The gradient at step k is drawn, pulled back to step 0, and compared by modulus.
    size = model.eigenvalues().size
    silent = jnp.zeros((horizon, size), jnp.complex64)
    start = jnp.zeros(size, jnp.complex64)
    _, pull = jax.vjp(lambda first: model.advance(first, silent), start)
    gradient = jnp.exp(
        jax.lax.complex(jnp.zeros(size), jax.random.normal(key, (size,)))
    )

    def factor(step: Array) -> Array:
        (back,) = pull(silent.at[step - 1].set(gradient))
        return jnp.abs(back)

    return jax.lax.map(factor, steps)


def _standard(model: KoopmanModel, windows: Windows) -> tuple[Array, Array]:
    # Starts, and actions with time first, in standard units.
    states = jnp.asarray(windows.states, jnp.float32)
    actions = jnp.swapaxes(jnp.asarray(windows.actions, jnp.float32), 0, 1)
    return (
        model.state_normaliser.standardise(states),
        model.action_normaliser.standardise(actions),
    )


@eqx.filter_jit
def _gains(
    model: KoopmanModel, windows: tuple[Array, Array], every: int
) -> Float[Array, " time"]:
    # Forward mode, which the kernel for GPUs has not.
    config = replace(model.config, unroll=Unroll.ASSOCIATIVE)
    model = reconfigured(model, config)

    def ahead(state: Array, actions: Array) -> Array:
        start, given = state[None], actions[:, None]
        return model.forecast(start, given, reencode_every=every).states[:, 0]

    slopes = jax.vmap(jax.jacfwd(ahead), in_axes=(0, 1))(*windows)
    return jnp.sqrt(jnp.mean(jnp.sum(slopes**2, axis=(2, 3)), 0) / slopes.shape[2])
