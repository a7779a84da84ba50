"""Settings of `koopcli augment`."""

import math
from dataclasses import dataclass

from koopcli.config.checks import above, at_least, fraction
from koopcli.config.choices import Directions, Rewards, Symmetry, Unit
from koopcli.errors import ConfigError

BILINEAR = (Symmetry.KFC, Symmetry.KFC_PLUS)
"""Modes of a kfc model; the others, but for noise, are of a diagonal one."""
MAX_CYCLE = 0.5
"""What an unset `augment.max_cycle` means, but for kfc."""


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """How transitions are moved along symmetries, and which results are accepted."""

    mode: Symmetry = Symmetry.HOMOGENEOUS
    """What moves: see docs/augmentation.md."""
    unit: Unit = Unit.TRANSITION
    """Single transitions, or all steps between two re-encodings of the model together."""
    directions: Directions = Directions.IMAGE
    """image: symmetries that stay where states lie; free: independent for every mode.
    kfc is always free."""
    scale: float | None = None
    """Size of the move; flow: in steps, gaussian and homogeneous on the image: in standard
    deviations of the state, kfc: in the size of the latents, else: of log σ. Unset:
    searched upward from `smallest`."""
    smallest: float = 1e-3
    """Where the search for the scale starts; it doubles it."""
    largest: float = 8.0
    """Where it stops at the latest."""
    min_accepted: float = 0.5
    """Accepted share of the proposals below which a scale fails in the search."""
    probe: int = 512
    """Blocks that the search looks at, and that symmetries are found from."""
    rewards: Rewards = Rewards.KEEP
    """keep: as recorded; model: plus what the reward head makes of the move."""
    probability: float = 0.8
    """Share of the data that is moved, drawn block by block."""
    copies: int = 1
    """Times that the data is gone through."""
    max_cycle: float | None = None
    """Largest accepted cycle error |E(s̃) - z̃| / |z̃ - z|; unset: MAX_CYCLE, and of kfc any,
    whose moves leave the states' image by design."""
    max_residual: float = 2.0
    """Largest accepted one-step error, in that of the source or the typical one."""
    margin: float = 0.05
    """Share of the training range by which a column may leave it, on each side."""
    action_tolerance: float = 0.2
    """Largest accepted |B(ã) - S B(a)| / |S B(a) - B(a)| of a re-labelled action."""
    input_tolerance: float = 1e-3
    """Root mean square of a mode's input, in that of the mode, below which it has none."""
    seed: int = 0
    """Seed of all draws."""

    @property
    def cycle_limit(self) -> float:
        """The largest accepted cycle error; infinite: it does not decide."""
        if self.max_cycle is not None:
            return self.max_cycle
        return math.inf if self.mode in BILINEAR else MAX_CYCLE

    def __post_init__(self) -> None:
        if self.scale is not None:
            above("augment", 0, scale=self.scale)
            if self.scale == float("inf"):
                raise ConfigError("augment.scale must be finite")
        elif self.mode is Symmetry.GAUSSIAN:
            raise ConfigError(
                "augment.scale: noise of any size passes, so there is nothing to search; "
                "give --scale in standard deviations, such as 0.003 (S4RL)"
            )
        if self.unit is Unit.TRAJECTORY and self.mode in BILINEAR:
            raise ConfigError(
                f"augment.unit trajectory: what {self.mode} moves along depends on the "
                "action, so that a block is one step; leave it out"
            )
        above("augment", 0, smallest=self.smallest, max_cycle=self.cycle_limit)
        above("augment", 0, max_residual=self.max_residual)
        at_least("augment", self.smallest, largest=self.largest)
        if self.largest == float("inf"):
            raise ConfigError("augment.largest must be finite")
        at_least("augment", 0, margin=self.margin, seed=self.seed)
        at_least("augment", 0, action_tolerance=self.action_tolerance)
        at_least("augment", 0, input_tolerance=self.input_tolerance)
        at_least("augment", 1, copies=self.copies, probe=self.probe)
        fraction("augment", min_accepted=self.min_accepted)
        fraction("augment", probability=self.probability)
        above("augment", 0, probability=self.probability)
