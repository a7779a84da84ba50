"""Train, validation and test, by whole episodes."""

from collections.abc import Callable, Sequence

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


def k_fold(
    episodes: int, folds: int, fold: int, val_fraction: float, seed: int
) -> dict[str, np.ndarray]:
    """Test on one of several equal parts, so that every episode is tested on once.

    Of the other folds, `val_fraction` of all episodes are for validation, as in `split`.

    Raises:
        DataError: There are fewer episodes than folds.
    """
    if episodes < folds:
        raise DataError(f"{folds} folds need {folds} episodes (or sources): {episodes}")
    order = np.random.default_rng(seed).permutation(episodes)
    parts = np.array_split(order, folds)
    rest = np.concatenate([part for i, part in enumerate(parts) if i != fold])
    wanted = max(1, round(val_fraction * episodes)) if val_fraction > 0 else 0
    val = min(wanted, len(rest) - 1)
    return {
        "train": np.sort(rest[val:]),
        "val": np.sort(rest[:val]),
        "test": np.sort(parts[fold]),
    }


def by_group(
    groups: Sequence[str], divide: Callable[[int], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Split whole groups of episodes: those of one name stay together.

    Args:
        groups: The group of each episode.
        divide: Splits a number of groups, as `split` does.
    """
    names = list(dict.fromkeys(groups))
    number = np.array([names.index(group) for group in groups])
    return {
        name: np.flatnonzero(np.isin(number, chosen))
        for name, chosen in divide(len(names)).items()
    }


def by_name(
    names: Sequence[str | None], *, trained: bool = False
) -> dict[str, np.ndarray]:
    """Put every episode where its owner wants it.

    Args:
        names: The split of each episode.
        trained: Whether there are other episodes for training.

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
    if not trained and not len(parts["train"]):
        raise DataError("no episode is named for training; models need some")
    return parts
