"""All that moving blocks needs, in one piece."""

from dataclasses import dataclass

import numpy as np

from koopcli.augment import checks
from koopcli.augment.blocks import Blocks, Encoded
from koopcli.augment.checks import Limits, Measured
from koopcli.augment.coverage import Neighbours
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.operator import Moved, Operator, rewarded
from koopcli.augment.summary import Checks
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Rewards
from koopcli.evaluate.rollouts import Rollout


@dataclass(frozen=True)
class Prepared:
    """A mode, the model it moves along, and what its moves are held against.

    Attributes:
        model: The model.
        config: What was asked.
        steps: Most steps of a block.
        operator: The mode.
        limits: What moved blocks are held against.
        predict: One step of the model.
        judge: One step of the judge, if there is one.
        neighbours: Recorded states.
        scale: Size of the moves.
        search: One row per scale that was tried.
    """

    model: LatentModel
    config: AugmentConfig
    steps: int
    operator: Operator
    limits: Limits
    predict: Rollout
    judge: Rollout | None
    neighbours: Neighbours
    scale: float = 0.0
    search: tuple[Checks, ...] = ()

    def propose(
        self, encoded: Encoded, draw: np.ndarray
    ) -> tuple[Moved, Measured, np.ndarray]:
        """Move blocks by a draw (times the scale), measure them, and judge them."""
        found = self.operator.move(encoded, draw)
        if self.config.rewards is Rewards.MODEL:
            found = rewarded(self.model, encoded, found)
        measured = checks.measure(
            self.model, encoded, found, self.limits, self.config, self.predict
        )
        return found, measured, checks.accepted(measured, self.config, self.limits)

    def judged(
        self, before: Blocks, after: Blocks
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the judge's one-step errors, or None without a judge."""
        if self.judge is None:
            return None
        scale = self.limits.scale
        return (
            checks.one_step(self.judge, before, scale),
            checks.one_step(self.judge, after, scale),
        )
