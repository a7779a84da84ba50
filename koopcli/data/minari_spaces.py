"""How the spaces of a Minari dataset become columns.

Dict and Tuple spaces are flattened in their order, discrete values become one-hot
columns. What is no vector of numbers is refused, unless it is not wanted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from koopcli.errors import DataError


@dataclass(frozen=True)
class Leaf:
    """One Box or Discrete inside a space: where it is, and how it becomes columns.

    Attributes:
        path: Keys from the outermost space.
        shape: Shape of one value.
        choices: Number of discrete values; 0 for numbers.
        start: The first discrete value.
    """

    path: tuple[str | int, ...]
    shape: tuple[int, ...]
    choices: int
    start: int

    def columns(self, values: np.ndarray) -> np.ndarray:
        """Return one row per value.

        Raises:
            ValueError: A discrete value is outside the space.
        """
        if self.choices:
            index = np.asarray(values).reshape(-1).astype(np.int64) - self.start
            if ((index < 0) | (index >= self.choices)).any():
                where = _dotted(self.path) or "a value"
                raise ValueError(
                    f"{where} is outside its Discrete({self.choices}, "
                    f"start={self.start})"
                )
            return np.eye(self.choices)[index]
        return np.asarray(values).reshape(len(values), -1)

    def names(self, root: str) -> list[str]:
        """Return one name per column."""
        prefix = _dotted(self.path) or root
        if self.choices:
            return [
                f"{prefix}=={self.start + choice}" for choice in range(self.choices)
            ]
        return [f"{prefix}[{','.join(map(str, i))}]" for i in np.ndindex(*self.shape)]


def leaves(space: Any, where: str, wanted: tuple[str, ...] = ()) -> list[Leaf]:
    """Return the parts of a space.

    Args:
        space: A Gymnasium space.
        where: What it is, for messages.
        wanted: Parts to keep, by dotted name (`robot.joints`, or `robot` for all of
            it), in this order; empty: all.

    Raises:
        DataError: A part is no vector of numbers, or a wanted one is not there.
    """
    parts = _parts(space, ())
    if not wanted:
        return [_leaf(path, part, where) for path, part in parts]
    found = []
    for key in wanted:
        inside = [(p, s) for p, s in parts if f"{_dotted(p)}.".startswith(f"{key}.")]
        if not inside:
            there = ", ".join(_dotted(path) for path, _ in parts if path)
            raise DataError(f"{where}: --obs-keys {key}: not there; it has {there}")
        found += [_leaf(path, part, where) for path, part in inside]
    return found


def names(parts: list[Leaf], root: str) -> tuple[str, ...]:
    """Return the names of all columns."""
    return tuple(name for leaf in parts for name in leaf.names(root))


def flatten(values: Any, parts: list[Leaf]) -> np.ndarray:
    """Return the columns of values in the nested form in which Minari yields them."""
    columns = []
    for leaf in parts:
        part = values
        for key in leaf.path:
            part = part[key]
        columns.append(leaf.columns(part))
    return np.concatenate(columns, axis=1)


def _parts(
    space: Any, path: tuple[str | int, ...]
) -> list[tuple[tuple[str | int, ...], Any]]:
    from gymnasium import spaces

    inner: Any = ()
    if isinstance(space, spaces.Dict):
        inner = space.items()
    elif isinstance(space, spaces.Tuple):
        inner = enumerate(space)
    else:
        return [(path, space)]
    return [found for key, part in inner for found in _parts(part, (*path, key))]


def _leaf(path: tuple[str | int, ...], space: Any, where: str) -> Leaf:
    from gymnasium import spaces

    place = f"{where} {_dotted(path)}".rstrip()
    hint = "; name the others by --obs-keys" if path and "observation" in where else ""
    match space:
        case spaces.Discrete():
            return Leaf(path, (), int(space.n), int(space.start))
        case spaces.MultiBinary() | spaces.MultiDiscrete():
            return Leaf(path, tuple(space.shape), 0, 0)
        case spaces.Box():
            if space.dtype == np.uint8 and len(space.shape) >= 2:
                raise DataError(
                    f"{place} holds images {space.shape}; koopcli models state "
                    f"vectors{hint}"
                )
            return Leaf(path, tuple(space.shape), 0, 0)
    raise DataError(
        f"{place} has the space {type(space).__name__}, which is not a vector of "
        f"numbers{hint}"
    )


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
