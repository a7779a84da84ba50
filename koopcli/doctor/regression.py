"""Least squares on a sample: how much of one thing another thing explains."""

import numpy as np
from jaxtyping import Float

FEATURES = 200
"""Random Fourier features that stand for a smooth function of the inputs."""
RIDGE = 1e-6
HELD_OUT = 3
"""Every so many rows are held out to measure the error on."""


def unexplained(
    inputs: Float[np.ndarray, "row input"],
    targets: Float[np.ndarray, "row target"],
    *,
    smooth: bool = False,
) -> Float[np.ndarray, " target"]:
    """Return the share of each target's variance that the inputs do not explain.

    It is measured on rows that were held out from the fit, so it may exceed 1. For a
    constant target it is 1.

    Args:
        inputs: One row per case.
        targets: Likewise.
        smooth: Whether to fit a smooth function instead of an affine one.
    """
    spread = inputs.std(axis=0)
    inputs = (inputs - inputs.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    if smooth:
        inputs = np.concatenate([inputs, _fourier(inputs)], axis=1)
    inputs = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    held_out = np.arange(len(inputs)) % HELD_OUT == 0
    known, wanted = inputs[~held_out], targets[~held_out]
    gram = known.T @ known + RIDGE * len(known) * np.eye(inputs.shape[1])
    weights = np.linalg.solve(gram, known.T @ wanted)
    errors = ((inputs[held_out] @ weights - targets[held_out]) ** 2).mean(axis=0)
    variance = targets[held_out].var(axis=0)
    return np.where(variance > 0, errors / np.where(variance > 0, variance, 1.0), 1.0)


def _fourier(
    inputs: Float[np.ndarray, "row input"],
) -> Float[np.ndarray, "row feature"]:
    rng = np.random.default_rng(0)
    width = inputs.shape[1]
    directions = rng.normal(size=(width, FEATURES)) / np.sqrt(max(width, 1))
    return np.cos(inputs @ directions + rng.uniform(0, 2 * np.pi, FEATURES))
