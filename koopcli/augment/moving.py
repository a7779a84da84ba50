"""Goes through the training episodes, block by block, and moves what the draw chooses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from koopcli.augment.blocks import encode, gather
from koopcli.augment.checks import Measured
from koopcli.augment.operator import Moved
from koopcli.augment.prepared import Prepared
from koopcli.data.episode import Episode
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts, start_table

CHUNK_STEPS = 16_384
"""Steps that are in memory at once."""


@dataclass(frozen=True)
class Batch:
    """Proposals of one chunk.

    Attributes:
        episodes: Number of the source episode of each.
        first: Step within it at which the block starts.
        draw: Drawn numbers times the scale.
        found: The moved blocks.
        measured: What was measured.
        accepted: Which passed.
        judged: Errors of the judge, if there is one.
    """

    episodes: Int[np.ndarray, " batch"]
    first: Int[np.ndarray, " batch"]
    draw: Float[np.ndarray, "batch draw"]
    found: Moved
    measured: Measured
    accepted: Bool[np.ndarray, " batch"]
    judged: tuple[np.ndarray, np.ndarray] | None


def batches(
    prepared: Prepared, dataset: Dataset, progress: Callable[[int, int], None]
) -> Iterator[Batch]:
    """Yield the proposals of the training split; the same ones for the same seed."""
    config, steps = prepared.config, prepared.steps
    table = start_table(dataset, "train", stride=steps)
    random = np.random.default_rng([config.seed, 1])
    size = max(1, CHUNK_STEPS // steps)
    for copy in range(config.copies):
        chosen = np.flatnonzero(random.random(len(table)) < config.probability)
        for first in range(0, len(chosen), size):
            rows = table.at(chosen[first : first + size])
            normal = random.normal(size=(len(rows), prepared.operator.size))
            yield _batch(prepared, dataset, rows, prepared.scale * normal)
            share = (first + len(rows)) / max(1, len(chosen))
            progress(int((copy + share) * len(table)), config.copies * len(table))


def episodes(batch: Batch, dataset: Dataset, label: str) -> Iterator[Episode]:
    """Yield the accepted blocks as episodes of their own, each naming its source."""
    blocks = batch.found.blocks
    for row in np.flatnonzero(batch.accepted).tolist():
        steps = int(blocks.lengths[row])
        number, first = int(batch.episodes[row]), int(batch.first[row])
        start = int(dataset.step_starts[number]) + first
        ends = dataset.terminations[slice(start, start + steps)]
        # The block ends where the recording went on: cut, unless it truly ended.
        cut = dataset.truncations[slice(start, start + steps)].copy()
        cut[-1] |= not ends[-1]
        source = dataset.sources[number]
        yield Episode(
            observations=blocks.observations[row, : steps + 1],
            actions=blocks.actions[row, :steps],
            rewards=None if blocks.rewards is None else blocks.rewards[row, :steps],
            terminations=ends,
            truncations=cut,
            source=f"{source}, steps {first}-{first + steps - 1}, {label}",
        )


def _batch(
    prepared: Prepared, dataset: Dataset, rows: Starts, draw: np.ndarray
) -> Batch:
    blocks = gather(dataset, rows, prepared.steps)
    found, measured, good = prepared.propose(encode(prepared.model, blocks), draw)
    return Batch(
        episodes=rows.episodes,
        first=rows.step_rows - dataset.step_starts[rows.episodes],
        draw=draw,
        found=found,
        measured=measured,
        accepted=good,
        judged=prepared.judged(blocks, found.blocks),
    )
