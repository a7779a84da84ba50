"""Sizes of what a model reads and writes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dimensions:
    """Sizes of what a model reads and writes; `action` may be 0."""

    state: int
    action: int
    reward: bool
