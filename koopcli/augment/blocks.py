"""Pieces of training episodes that are moved as a whole; none crosses an episode's end."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Inexact, Int

from koopcli.augment.latent_model import LatentModel
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts


@dataclass(frozen=True)
class Blocks:
    """Blocks of at most T steps, the rest filled with the last row.

    Attributes:
        observations: One more than there are steps.
        actions: One per step.
        rewards: One per step, or None.
        lengths: Steps of each block that are real.
    """

    observations: Float[np.ndarray, "batch point state"]
    actions: Float[np.ndarray, "batch time action"]
    rewards: Float[np.ndarray, "batch time"] | None
    lengths: Int[np.ndarray, " batch"]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def steps(self) -> Bool[np.ndarray, "batch time"]:
        """Which steps are real."""
        return np.arange(self.actions.shape[1]) < self.lengths[:, None]

    @property
    def points(self) -> Bool[np.ndarray, "batch point"]:
        """Which observations are real."""
        return np.arange(self.observations.shape[1]) <= self.lengths[:, None]

    def take(self, chosen: np.ndarray) -> "Blocks":
        """Return some of the blocks."""
        return replace(
            self,
            observations=self.observations[chosen],
            actions=self.actions[chosen],
            rewards=None if self.rewards is None else self.rewards[chosen],
            lengths=self.lengths[chosen],
        )


@dataclass(frozen=True)
class Encoded:
    """Blocks as a model sees them.

    Attributes:
        blocks: The blocks.
        latents: z = E(s).
        inputs: u = B(a); of a kfc model the numbers of K(a).
    """

    blocks: Blocks
    latents: Inexact[np.ndarray, "batch point latent"]
    inputs: Inexact[np.ndarray, "batch time input"]


def gather(dataset: Dataset, chosen: Starts, steps: int) -> Blocks:
    """Copy the blocks of `steps` steps, or as many as are known, from each start."""
    lengths = np.minimum(chosen.remaining, steps)
    step = np.minimum(np.arange(steps), lengths[:, None] - 1)
    point = np.minimum(np.arange(steps + 1), lengths[:, None])
    rows = chosen.step_rows[:, None] + step
    return Blocks(
        observations=dataset.observations[chosen.observation_rows[:, None] + point],
        actions=dataset.actions[rows],
        rewards=None if dataset.rewards is None else dataset.rewards[rows],
        lengths=lengths,
    )


def encode(model: LatentModel, blocks: Blocks) -> Encoded:
    """Encode the observations and actions of blocks."""
    return Encoded(
        blocks, model.encode(blocks.observations), model.drive(blocks.actions)
    )
