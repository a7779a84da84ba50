"""Moves transitions along symmetries of a learnt model; `SymmetryAugmenter` in one name."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from koopcli.augment.augmenter import SymmetryAugmenter as SymmetryAugmenter


def __getattr__(name: str) -> Any:
    # For other people's training loops, and late: importing the package stays light.
    if name == "SymmetryAugmenter":
        from koopcli.augment.augmenter import SymmetryAugmenter

        return SymmetryAugmenter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
