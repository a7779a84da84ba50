"""What a mode is: numbers it draws per block, and what they do to encoded blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Float, Inexact

from koopcli.augment.blocks import Blocks, Encoded
from koopcli.augment.latent_model import LatentModel


@dataclass(frozen=True)
class Moved:
    """Blocks after a move.

    Attributes:
        blocks: The same blocks with other observations, perhaps actions and rewards.
        latents: z̃ as the symmetry has it; None where none was asked (noise).
        action_miss: |B(ã) - S B(a)| / |S B(a) - B(a)| of re-labelled actions.
        finite: Whether all of a block is finite; what is not stands as it was.
    """

    blocks: Blocks
    latents: Inexact[np.ndarray, "batch point latent"] | None
    action_miss: Float[np.ndarray, " batch"] | None
    finite: Bool[np.ndarray, " batch"]


@dataclass(frozen=True)
class Operator:
    """A mode, made ready for a model and its data.

    Attributes:
        size: Standard normal numbers per block.
        move: Moves blocks by drawn numbers that are multiplied by the scale.
        generators: Directions of log σ that it combines, one per row; None if it has none.
        misses: Relative cycle error of each generator, to first order.
    """

    size: int
    move: Callable[[Encoded, Float[np.ndarray, "batch draw"]], Moved]
    generators: Complex[np.ndarray, "direction latent"] | None = None
    misses: Float[np.ndarray, " direction"] | None = None


def moved(
    model: LatentModel,
    encoded: Encoded,
    latents: Inexact[np.ndarray, "batch point latent"],
    relabelled: tuple[np.ndarray, np.ndarray] | None = None,
    start: Float[np.ndarray, "batch state"] | None = None,
) -> Moved:
    """Decode moved latents by the difference they make: s̃ = s + D(z̃) - D(z).

    The error of the auto-encoder at z drops out; without a move nothing changes at all.
    With a known start, s̃ = s + (s̃[0] - s[0]) + D(z̃) - D(z) - (D(z̃[0]) - D(z[0])): what
    the decoder does not show of the first shift is carried along (docs/augmentation.md).

    Args:
        model: Of the latents.
        encoded: The blocks before.
        latents: z̃.
        relabelled: Actions ã, and how much each block's miss their aim.
        start: The first state, where z̃[0] is its encoding; else it is decoded too.
    """
    blocks = encoded.blocks
    with np.errstate(over="ignore", invalid="ignore"):
        finite: np.ndarray = np.all(
            np.isfinite(latents.astype(np.complex64)), axis=(1, 2)
        )
    latents = np.where(finite[:, None, None], latents, encoded.latents)
    shift = model.decode(latents) - model.decode(encoded.latents)
    finite &= np.isfinite(shift).all(axis=(1, 2))
    # What has never varied stays as it is.
    shift = np.where(finite[:, None, None], shift, 0.0) * (model.reach > 0)
    if start is not None:
        # The shift at the start is known: decoding need only say how it goes on.
        rest = start - blocks.observations[:, 0] - shift[:, 0]
        shift = shift + np.where(finite[:, None], rest, 0.0)[:, None]
    observations = (blocks.observations + shift).astype(np.float32)
    actions, miss = (blocks.actions, None) if relabelled is None else relabelled
    return Moved(
        blocks=Blocks(
            observations=observations,
            actions=actions.astype(np.float32),
            rewards=blocks.rewards,
            lengths=blocks.lengths,
        ),
        latents=latents,
        action_miss=miss,
        finite=finite,
    )


def rewarded(model: LatentModel, encoded: Encoded, found: Moved) -> Moved:
    """Change rewards by the difference the move makes to the reward head."""
    before = encoded.blocks
    if before.rewards is None or found.latents is None:
        return found
    change = model.reward(found.latents[:, 1:], found.blocks.actions) - model.reward(
        encoded.latents[:, 1:], before.actions
    )
    finite = found.finite & np.isfinite(change).all(axis=1)
    rewards = before.rewards + np.where(finite[:, None], change, 0.0)
    blocks = Blocks(
        observations=found.blocks.observations,
        actions=found.blocks.actions,
        rewards=rewards.astype(np.float32),
        lengths=before.lengths,
    )
    return Moved(blocks, found.latents, found.action_miss, finite)
