"""The model of Koopman Q-learning: z[t+1] = K(a[t]) z[t], with real latents."""

from dataclasses import dataclass
from functools import cached_property

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float

from koopcli.augment.latent_model import LatentModel, by_rows, scale_of
from koopcli.model.kfc import KfcModel


@dataclass(frozen=True)
class BilinearModel(LatentModel):
    """A model whose latents every action moves by a matrix of its own."""

    model: KfcModel

    @property
    def linear_steps(self) -> int:
        """One: what commutes with K(a) need not with that of the next action."""
        return 1

    @cached_property
    def parts(self) -> Float[np.ndarray, "part latent latent"]:
        """Return K₀ and the Kᵢ of standardised actions."""
        return np.asarray(self.model.operators, np.float64)

    def encode(
        self, states: Float[np.ndarray, "*batch state"]
    ) -> Float[np.ndarray, "*batch latent"]:
        """E: physical units to latents."""
        return by_rows(lambda rows: _encode(self.model, rows), states)

    def decode(
        self, latents: Float[np.ndarray, "*batch latent"]
    ) -> Float[np.ndarray, "*batch state"]:
        """D: latents to physical units."""
        standard = by_rows(lambda rows: _decode(self.model, rows), latents)
        return standard * self.state_scale + self.state_mean

    def drive(
        self, actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch input"]:
        """Return K(a) of physical actions, row after row in one."""
        normaliser = self.model.action_normaliser
        mean = np.asarray(normaliser.mean, np.float64)
        standard = (actions - mean) / scale_of(normaliser)
        matrices = self.parts[0] + np.tensordot(standard, self.parts[1:], axes=1)
        return matrices.reshape(*actions.shape[:-1], self.parts[0].size)

    def reward(
        self,
        latents: Float[np.ndarray, "*batch latent"],
        actions: Float[np.ndarray, "*batch action"],
    ) -> Float[np.ndarray, "*batch"]:
        """R, but for its mean: the reward of the step that led to `latents`."""
        assert self.model.reward_normaliser is not None
        both = np.concatenate([latents, actions], axis=-1)
        standard = by_rows(lambda rows: _reward(self.model, rows), both)
        return standard[..., 0] * scale_of(self.model.reward_normaliser)[0]


@eqx.filter_jit
def _encode(model: KfcModel, states: jax.Array) -> jax.Array:
    return model.lift(model.state_normaliser.standardise(states))


@eqx.filter_jit
def _decode(model: KfcModel, latents: jax.Array) -> jax.Array:
    return model.read(latents)


@eqx.filter_jit
def _reward(model: KfcModel, both: jax.Array) -> jax.Array:
    width = model.config.latent_dim
    actions = model.action_normaliser.standardise(both[:, width:])
    return model.reward(both[:, :width], actions)[..., None]
