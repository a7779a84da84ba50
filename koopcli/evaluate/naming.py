"""What models are called where people read."""

from collections.abc import Sequence
from pathlib import Path


def label(run: str | None, model: str) -> str:
    """Name a model for people: baselines by kind, runs by their path."""
    return model if run is None else f"{model} ({run})"


def short_labels(models: Sequence[tuple[str | None, str]]) -> dict[str, str]:
    """Name models in pictures: runs by their folder, as far as that tells them apart.

    Args:
        models: Run and kind of each.

    Returns:
        The short name by `label`.
    """
    last = {label(*each): Path(each[0]).name if each[0] else each[1] for each in models}
    used = list(last.values())
    return {
        full: short if used.count(short) == 1 else full for full, short in last.items()
    }
