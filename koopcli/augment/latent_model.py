"""The diagonal Koopman model as functions of NumPy arrays, any leading axes.

    z = E(s),   z[t+1] = Λ z[t] + B(a[t]),   ŝ = D(z),   r̂[t] = R(z[t+1], a[t])

Latents are complex128 outside the networks, so that what commutes does so to rounding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Complex, Float

from koopcli import run_dir
from koopcli.errors import ModelError
from koopcli.model import checkpoint
from koopcli.model.checkpoint import ModelMeta
from koopcli.model.koopman import KoopmanModel
from koopcli.model.normaliser import Normaliser

ROWS = 4096
"""Most rows per call of the device."""


@dataclass(frozen=True)
class LatentModel:
    """A model between two re-encodings, where its time is linear.

    Attributes:
        model: The model.
        meta: What it was trained on.
    """

    model: KoopmanModel
    meta: ModelMeta

    @cached_property
    def exponents(self) -> Complex[np.ndarray, " latent"]:
        """Return log λ, with the phases as the model keeps them."""
        return np.asarray(self.model.spectrum.log()).astype(np.complex128)

    @cached_property
    def state_scale(self) -> Float[np.ndarray, " state"]:
        """Return what one standard unit of a state is in physical units."""
        return _scale(self.model.state_normaliser)

    @cached_property
    def reach(self) -> Float[np.ndarray, " state"]:
        """Return the standard unit of each column, and 0 of those that never vary."""
        meta = self.meta
        varies = np.array(meta.observation_max) > np.array(meta.observation_min)
        return np.where(varies, self.state_scale, 0.0)

    @property
    def linear_steps(self) -> int:
        """Steps that a rollout is linear for: to the next re-encoding, or as trained."""
        return self.model.reencoding(None) or self.meta.horizon

    def powers(self, steps: int) -> Complex[np.ndarray, "point latent"]:
        """Return λ^t for t = 0 … steps."""
        return np.exp(np.arange(steps + 1)[:, None] * self.exponents)

    def encode(
        self, states: Float[np.ndarray, "*batch state"]
    ) -> Complex[np.ndarray, "*batch latent"]:
        """E: physical units to latents."""
        return self._complex(_encode, states)

    def decode(
        self, latents: Complex[np.ndarray, "*batch latent"]
    ) -> Float[np.ndarray, "*batch state"]:
        """D: latents to physical units."""
        parts = np.concatenate([latents.real, latents.imag], axis=-1)
        standard = _by_rows(lambda rows: _decode(self.model, rows), parts)
        return standard * self.state_scale + np.asarray(
            self.model.state_normaliser.mean, np.float64
        )

    def drive(
        self, actions: Float[np.ndarray, "*batch action"]
    ) -> Complex[np.ndarray, "*batch latent"]:
        """B: physical actions to what they add to each mode."""
        return self._complex(_drive, actions)

    def reward(
        self,
        latents: Complex[np.ndarray, "*batch latent"],
        actions: Float[np.ndarray, "*batch action"],
    ) -> Float[np.ndarray, "*batch"]:
        """R, but for its mean: the reward of the step that led to `latents`."""
        assert self.model.reward_normaliser is not None
        both = np.concatenate([latents.real, latents.imag, actions], axis=-1)
        standard = _by_rows(lambda rows: _reward(self.model, rows), both)
        return standard[..., 0] * _scale(self.model.reward_normaliser)[0]

    def _complex(
        self, function: Callable[[KoopmanModel, jax.Array], jax.Array], rows: np.ndarray
    ) -> np.ndarray:
        parts = _by_rows(lambda part: function(self.model, part), rows)
        real, imag = np.split(parts, 2, axis=-1)
        return real + 1j * imag


def load(run: Path) -> LatentModel:
    """Read a run folder or model file.

    Raises:
        ModelError: There is no usable model, or its latents are not diagonal.
    """
    saved = checkpoint.load(run_dir.model_file(run))
    if not isinstance(saved.model, KoopmanModel):
        raise ModelError(
            f"{run}: a {saved.meta.model_config.kind} model has no diagonal latents to "
            "move along; give a run of --model koopman"
        )
    if saved.meta.delays is not None:
        raise ModelError(
            f"{run}: was trained on delay-embedded data, whose samples of the past would "
            "contradict moved states; train on data ingested without --delay-embed"
        )
    return LatentModel(saved.model, saved.meta)


def _scale(normaliser: Normaliser) -> np.ndarray:
    return np.asarray(normaliser.scale, np.float64)


@eqx.filter_jit
def _encode(model: KoopmanModel, states: jax.Array) -> jax.Array:
    return model.encoder(model.state_normaliser.standardise(states))


@eqx.filter_jit
def _decode(model: KoopmanModel, parts: jax.Array) -> jax.Array:
    return model.decoder(parts)


@eqx.filter_jit
def _drive(model: KoopmanModel, actions: jax.Array) -> jax.Array:
    drive = model.drive(model.action_normaliser.standardise(actions))
    return jnp.concatenate([jnp.real(drive), jnp.imag(drive)], axis=-1)


@eqx.filter_jit
def _reward(model: KoopmanModel, both: jax.Array) -> jax.Array:
    assert model.reward_head is not None
    width = 2 * model.config.latent_dim
    actions = model.action_normaliser.standardise(both[:, width:])
    return model.reward_head(jnp.concatenate([both[:, :width], actions], axis=-1))


def _by_rows(
    function: Callable[[jax.Array], jax.Array], values: np.ndarray
) -> np.ndarray:
    # Sizes are powers of two, so that few of them are compiled.
    rows = values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
    size = min(ROWS, 1 << max(0, len(rows) - 1).bit_length())
    parts = []
    for first in range(0, len(rows), size):
        block = rows[first : first + size].astype(np.float32)
        filled = np.pad(block, [(0, size - len(block)), (0, 0)], mode="edge")
        parts.append(np.asarray(function(jnp.asarray(filled)))[: len(block)])
    joined = np.concatenate(parts).astype(np.float64)
    return joined.reshape(*values.shape[:-1], joined.shape[-1])
