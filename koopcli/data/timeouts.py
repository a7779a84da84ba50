"""Terminations that are time-outs: a common fault of files without a time-out column.

A model that learns from such a file believes that systems end for no reason. They are
recognised by the time limit, or by all episodes ending at the same step.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from koopcli.data.episode import Episode

MISTAKEN = (
    "terminations at the time limit are time-outs: they were corrected to truncations"
)


def shared_limit(ends: Iterable[tuple[int, bool]]) -> int | None:
    """Return the number of steps after which all of several episodes "terminate".

    Args:
        ends: Length of each episode, and whether it says that it terminated.
    """
    found = list(ends)
    lengths = {length for length, _ in found}
    same = len(found) > 1 and len(lengths) == 1 and all(ended for _, ended in found)
    return lengths.pop() if same else None


def is_mistaken(episode: Episode, limit: int | None) -> bool:
    """Whether the episode says that it terminated where only its time was up."""
    return bool(episode.length == limit and episode.terminations[-1:].any())


def corrected(episode: Episode) -> Episode:
    """Return the episode with its end marked as a truncation."""
    truncations = episode.truncations.copy()
    truncations[-1] = True
    return replace(
        episode,
        terminations=np.zeros_like(episode.terminations),
        truncations=truncations,
    )
