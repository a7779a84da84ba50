"""The record of every proposal, accepted or not: where it comes from, and its checks."""

from typing import Any

import numpy as np

from koopcli.augment.checks import Measured
from koopcli.augment.moving import Batch

GROUP = "augmentation"
"""Group of the dataset file that holds the record, one row per proposal."""


class Records:
    """Collects proposals chunk by chunk; see `columns` for what is kept of them."""

    def __init__(self, first_episode: int):
        self._next = first_episode
        self._parts: list[dict[str, np.ndarray]] = []
        self._states: list[np.ndarray] = []
        self._measured: list[Measured] = []

    def add(self, batch: Batch) -> None:
        """Keep the record of a chunk; its accepted blocks are the next episodes."""
        count = int(batch.accepted.sum())
        number = np.full(len(batch.accepted), -1)
        number[batch.accepted] = self._next + np.arange(count)
        self._next += count
        part = {
            "episode": number,
            "source_episode": batch.episodes,
            "source_step": batch.first,
            "steps": batch.found.blocks.lengths,
            "accepted": batch.accepted,
            "draw": batch.draw.astype(np.float32),
        }
        if batch.judged is not None:
            part |= dict(
                zip(("judge_before", "judge_after"), batch.judged, strict=True)
            )
        self._parts.append(part)
        self._states.append(batch.found.blocks.observations[batch.accepted, 0])
        self._measured.append(batch.measured)

    @property
    def count(self) -> int:
        """Number of proposals."""
        return sum(len(part["episode"]) for part in self._parts)

    @property
    def measured(self) -> Measured:
        """All that was measured."""
        return Measured(
            **{
                name: np.concatenate([getattr(part, name) for part in self._measured])
                for name in vars(self._measured[0])
            }
        )

    @property
    def states(self) -> np.ndarray:
        """First state of each accepted block."""
        return np.concatenate(self._states)

    @property
    def judged(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Errors of the judge before and after."""
        if "judge_before" not in self._parts[0]:
            return None
        return self.column("judge_before"), self.column("judge_after")

    def column(self, name: str) -> np.ndarray:
        """Return one column of the record."""
        return np.concatenate([part[name] for part in self._parts])

    def columns(self) -> dict[str, Any]:
        """Return all columns: provenance, draw, then what was measured."""
        own = {name: self.column(name) for name in self._parts[0]}
        kept = {
            name: values.astype(bool if values.dtype == bool else np.float32)
            for name, values in vars(self.measured).items()
        }
        return own | kept
