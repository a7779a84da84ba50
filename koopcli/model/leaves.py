"""The arrays of a tree, one after the other, as `eqx.tree_serialise_leaves` writes them.

Reading allocates nothing on the word of the file: every array must be the one that the
tree has in this place, and its bytes must be there.
"""

import io
import math
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

Tree = TypeVar("Tree")


def read(stream: io.BytesIO, skeleton: Tree) -> Tree:
    """Return `skeleton` with the arrays of `stream`.

    Raises:
        ValueError: An array is not the one that belongs there, or is cut short.
    """
    # Not eqx.tree_deserialise_leaves: its errors tell the reader what to debug.
    return jax.tree.map(lambda expected: _leaf(stream, expected), skeleton)


def _leaf(stream: io.BytesIO, expected: Any) -> Any:
    if not hasattr(expected, "shape"):
        return eqx.default_deserialise_filter_spec(stream, expected)
    shape, fortran, dtype = _header(stream)
    if shape != expected.shape or dtype != expected.dtype:
        raise ValueError(
            f"an array of {dtype} {shape} in the place of {expected.dtype} "
            f"{expected.shape}"
        )
    length = math.prod(shape) * dtype.itemsize
    content = stream.read(length)
    if len(content) < length:
        raise ValueError(f"{len(content)} bytes of an array of {length}")
    numbers = np.frombuffer(content, dtype)
    return jnp.asarray(numbers.reshape(shape, order="F" if fortran else "C"))


def _header(stream: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        return np.lib.format.read_array_header_1_0(stream)
    # Also a MemoryError or a RecursionError of the parser, which depends on the Python.
    except Exception as error:
        raise ValueError("the header of an array is damaged") from error
