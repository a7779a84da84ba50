"""The diagonal Koopman model: z[t+1] = Λ z[t] + B(a[t]), with complex latents."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Complex, Float

from koopcli.augment.latent_model import LatentModel, by_rows, scale_of
from koopcli.model.koopman import KoopmanModel


@dataclass(frozen=True)
class DiagonalModel(LatentModel):
    """A model between two re-encodings, where its time is linear."""

    model: KoopmanModel

    @cached_property
    def exponents(self) -> Complex[np.ndarray, " latent"]:
        """Return log λ, with the phases as the model keeps them."""
        return np.asarray(self.model.spectrum.log()).astype(np.complex128)

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
        standard = by_rows(lambda rows: _decode(self.model, rows), parts)
        return standard * self.state_scale + self.state_mean

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
        standard = by_rows(lambda rows: _reward(self.model, rows), both)
        return standard[..., 0] * scale_of(self.model.reward_normaliser)[0]

    def _complex(
        self, function: Callable[[KoopmanModel, jax.Array], jax.Array], rows: np.ndarray
    ) -> np.ndarray:
        parts = by_rows(lambda part: function(self.model, part), rows)
        real, imag = np.split(parts, 2, axis=-1)
        return real + 1j * imag


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
