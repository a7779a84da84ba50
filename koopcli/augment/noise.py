"""The control arm: independent noise on every state (S4RL-N), no model asked.

Source: Sinha et al. 2021, arXiv:2103.06326 (S4RL), as the code of Koopman Q-learning has
it: s and s' each get N(0, 0.003²); here in standard deviations of each column.
"""

from dataclasses import replace

import numpy as np

from koopcli.augment.blocks import Encoded
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.operator import Moved, Operator


def gaussian(model: LatentModel, steps: int) -> Operator:
    """s̃[t] = s[t] + ε[t]; numbers are drawn for blocks of `steps` steps."""
    width = len(model.reach)

    def move(encoded: Encoded, draw: np.ndarray) -> Moved:
        blocks = encoded.blocks
        noise = draw.reshape(len(blocks), steps + 1, width) * model.reach
        observations = (blocks.observations + noise).astype(np.float32)
        return Moved(
            blocks=replace(blocks, observations=observations),
            latents=None,
            action_miss=None,
            finite=np.isfinite(observations).all(axis=(1, 2)),
        )

    return Operator((steps + 1) * width, move)
