"""The largest scale whose moves pass the checks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from koopcli.augment import coverage
from koopcli.augment.blocks import Encoded
from koopcli.augment.prepared import Prepared
from koopcli.augment.summary import Checks, summarise
from koopcli.config.augmentation import AugmentConfig
from koopcli.errors import ModelError


def search(
    prepared: Prepared, encoded: Encoded, tell: Callable[[str], None]
) -> Prepared:
    """Double the scale from the smallest on, until the checks fail.

    Args:
        prepared: All but the scale.
        encoded: Blocks to try it on.
        tell: Told of every scale.

    Returns:
        The same with the last scale that passed, and a row for each that was tried.

    Raises:
        ModelError: Not even the smallest passes.
    """
    # One draw for all scales, so that only the scale differs.
    config, size = prepared.config, prepared.operator.size
    normal = np.random.default_rng(config.seed).normal(size=(len(encoded.blocks), size))
    rows: list[Checks] = []
    scale = config.smallest
    while scale <= config.largest:
        rows.append(_row(prepared, encoded, scale, normal))
        tell(f"scale {scale:g}: {rows[-1].accepted:.0%} accepted")
        if not passes(rows[-1], config):
            break
        scale *= 2
    good = [row.scale for row in rows if passes(row, config)]
    if not good:
        raise ModelError(
            f"no scale passes: at the smallest, {config.smallest:g}, "
            f"{rows[0].accepted:.0%} of the proposals are accepted (cycle error "
            f"{rows[0].cycle_median:.2g}, residual ratio {rows[0].all_residual_ratio:.2g})"
            "; train the model longer, try another mode, or give --scale, --max-cycle or "
            "--min-accepted"
        )
    return replace(prepared, scale=good[-1], search=tuple(rows))


def passes(row: Checks, config: AugmentConfig) -> bool:
    """Whether a scale is good enough for the search to go on."""
    worst = max(row.residual_ratio, row.judge_ratio or 0.0)
    enough = row.accepted > 0 and row.accepted >= config.min_accepted
    return enough and worst <= config.max_residual


def _row(
    prepared: Prepared, encoded: Encoded, scale: float, normal: np.ndarray
) -> Checks:
    found, measured, good = prepared.propose(encoded, scale * normal)
    states = found.blocks.observations[good, 0]
    return summarise(
        scale,
        measured,
        good,
        prepared.judged(encoded.blocks, found.blocks),
        coverage.gain(prepared.neighbours, states, prepared.limits.scale),
    )
