"""What augmentation needs of a model, as functions of NumPy arrays with any leading axes.

    z = E(s),   ŝ = D(z),   r̂[t] = R(z[t+1], a[t]),   and what an action does to z

Latents are doubles outside the networks, so that what commutes does so to rounding.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Inexact

from koopcli.model.dynamics import DynamicsModel
from koopcli.model.header import ModelMeta
from koopcli.model.normaliser import Normaliser

ROWS = 4096
"""Most rows per call of the device."""


@dataclass(frozen=True)
class LatentModel(ABC):
    """A model whose latents can be moved.

    Attributes:
        model: The model.
        meta: What it was trained on.
    """

    model: DynamicsModel
    meta: ModelMeta

    @cached_property
    def state_scale(self) -> Float[np.ndarray, " state"]:
        """Return what one standard unit of a state is in physical units."""
        return scale_of(self.model.state_normaliser)

    @cached_property
    def state_mean(self) -> Float[np.ndarray, " state"]:
        """Return the state that is 0 in standard units."""
        return np.asarray(self.model.state_normaliser.mean, np.float64)

    @cached_property
    def reach(self) -> Float[np.ndarray, " state"]:
        """Return the standard unit of each column, and 0 of those that never vary."""
        meta = self.meta
        varies = np.array(meta.observation_max) > np.array(meta.observation_min)
        return np.where(varies, self.state_scale, 0.0)

    @property
    @abstractmethod
    def linear_steps(self) -> int:
        """Steps over which one symmetry holds."""

    @abstractmethod
    def encode(
        self, states: Float[np.ndarray, "*batch state"]
    ) -> Inexact[np.ndarray, "*batch latent"]:
        """E: physical units to latents."""

    @abstractmethod
    def decode(
        self, latents: Inexact[np.ndarray, "*batch latent"]
    ) -> Float[np.ndarray, "*batch state"]:
        """D: latents to physical units."""

    @abstractmethod
    def drive(
        self, actions: Float[np.ndarray, "*batch action"]
    ) -> Inexact[np.ndarray, "*batch input"]:
        """Return what physical actions do to latents."""

    @abstractmethod
    def reward(
        self,
        latents: Inexact[np.ndarray, "*batch latent"],
        actions: Float[np.ndarray, "*batch action"],
    ) -> Float[np.ndarray, "*batch"]:
        """R, but for its mean: the reward of the step that led to `latents`."""


def scale_of(normaliser: Normaliser) -> np.ndarray:
    """Return the standard unit of each column."""
    return np.asarray(normaliser.scale, np.float64)


def by_rows(
    function: Callable[[jax.Array], jax.Array], values: np.ndarray
) -> np.ndarray:
    """Apply a function of float32 rows to the last axis, piece by piece."""
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
