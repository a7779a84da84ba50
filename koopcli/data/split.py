"""Train, validation and test, by whole episodes."""

from collections.abc import Sequence

import numpy as np

from koopcli.errors import DataError


def split(
    episodes: int, val_fraction: float, test_fraction: float, seed: int
) -> dict[str, np.ndarray]:
    """Assign every episode to one split.

    The result depends on the arguments alone, so two copies of the same data get the
    same splits. A fraction above 0 gets at least one episode as long as one remains for
    training; validation is served first.

    Returns:
        Sorted episode numbers of `train`, `val` and `test`.
    """
    order = np.random.default_rng(seed).permutation(episodes)
    counts, free = {}, episodes - 1
    for name, fraction in (("val", val_fraction), ("test", test_fraction)):
        wanted = max(1, round(fraction * episodes)) if fraction > 0 else 0
        counts[name] = min(wanted, free)
        free -= counts[name]
    val, test = counts["val"], counts["test"]
    parts = {
        "val": order[:val],
        "test": order[val : val + test],
        "train": order[val + test :],
    }
    return {name: np.sort(parts[name]) for name in ("train", "val", "test")}


def by_name(names: Sequence[str | None]) -> dict[str, np.ndarray]:
    """Put every episode where its owner wants it.

    Raises:
        DataError: Some episodes have no split, or none is for training.
    """
    missing = [number for number, name in enumerate(names) if name is None]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(names)} episodes have no split (first: episode "
            f"{missing[0]}); name a split for all or for none"
        )
    labels = np.array(names)
    parts = {name: np.flatnonzero(labels == name) for name in ("train", "val", "test")}
    if not len(parts["train"]):
        raise DataError("no episode is named for training; models need some")
    return parts
