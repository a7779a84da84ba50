"""MATLAB files of the versions 5 to 7: tagged data elements, perhaps compressed.

Large arrays stay in the file, compressed ones in a temporary file ($TMPDIR).

SciPy has a reader, but damaged bytes can crash the whole interpreter in it; here every
length is checked before it is used. SciPy is the oracle in its tests.
"""

import mmap
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koopcli.data.on_disk import Held, Layout, OnDisk

HEADER_BYTES = 128
MATRIX, COMPRESSED = 14, 15
NUMBERS = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4"},
    **{7: "f4", 9: "f8", 12: "i8", 13: "u8"},
}
"""How numbers are stored, by the type of a data element."""
CELL, STRUCT = 1, 2
NUMERIC = range(6, 16)
"""Classes of arrays: double, single and the integers."""
COMPLEX, LOGICAL = 0x08, 0x02
DEEPEST = 3
"""A cell of structs of arrays; deeper nests are left out."""
HELD = 2**20
"""Bytes up to which an element is unpacked in memory."""
BLOCK = 2**14
"""Bytes that are unpacked at a time; they grow by a factor of 1000 at most."""
SMALL = 2**14
"""Bytes up to which an array is simply read."""


@dataclass(frozen=True)
class _Stretch:
    # Bytes, and where they lie in which file; None if they are in memory alone.
    data: memoryview
    place: int
    held: Held | None

    def part(self, start: int, stop: int) -> "_Stretch":
        return _Stretch(self.data[start:stop], self.place + start, self.held)


@dataclass(frozen=True)
class _Element:
    kind: int
    content: _Stretch

    @property
    def data(self) -> memoryview:
        return self.content.data


def variables(path: Path) -> dict[str, Any]:
    """Return the variables of a file: arrays, dictionaries, lists, None for the rest.

    Raises:
        ValueError: The file is damaged, or of another version.
        OSError: There is no room to unpack it.
    """
    whole = _mapped(path.open("rb"))
    content = whole.data
    if len(content) < HEADER_BYTES or content[126:128] not in (b"IM", b"MI"):
        raise ValueError("not a MATLAB file of version 5 to 7.3; save it with -v7")
    order = "<" if content[126:128] == b"IM" else ">"
    found = {}
    for element in _elements(whole.part(HEADER_BYTES, len(content)), order):
        if element.kind == COMPRESSED:
            element = _next(_elements(_inflated(element.content), order))
        if element.kind == MATRIX:
            name, value = _matrix(element.content, order, 0)
            found[name] = value
    return found


def _mapped(file: Any) -> _Stretch:
    held = Held(file)
    if not file.seek(0, 2):
        return _Stretch(memoryview(b""), 0, held)
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return _Stretch(memoryview(mapped), 0, held)


def _inflated(content: _Stretch) -> _Stretch:
    unpacker = zlib.decompressobj()
    with ExitStack() as closing:
        # Stays in memory up to HELD.
        file = closing.enter_context(tempfile.SpooledTemporaryFile(HELD))
        try:
            for block in _blocks(content):
                file.write(unpacker.decompress(block))
        except zlib.error as error:
            raise ValueError(f"damaged compression ({error})") from error
        if not unpacker.eof:
            raise ValueError("damaged compression (it is cut)")
        if file.tell() > HELD:
            file.flush()
            closing.pop_all()
            return _mapped(file)
        file.seek(0)
        return _Stretch(memoryview(file.read()), 0, None)


def _blocks(content: _Stretch) -> Iterator[bytes]:
    # Read, not touched where it is mapped: mapped pages count as memory until the end.
    assert content.held is not None
    last = content.place + len(content.data)
    for start in range(content.place, last, BLOCK):
        yield os.pread(content.held.file.fileno(), min(BLOCK, last - start), start)


def _elements(content: _Stretch, order: str) -> Iterator[_Element]:
    data, place = content.data, 0
    while place < len(data):
        if len(data) - place < 8:
            raise ValueError("a data element is cut")
        kind, size = struct.unpack_from(order + "II", data, place)
        start = place + 8
        if kind >> 16:  # up to four bytes beside the tag
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            place += 8
        else:
            # Only compressed elements are not padded to eight bytes.
            place = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(data) or (start + 4 == place and size > 4):
            raise ValueError("a data element is longer than the file")
        yield _Element(kind, content.part(start, start + size))


def _matrix(content: _Stretch, order: str, depth: int) -> tuple[str, Any]:
    if not len(content.data):
        return "", np.zeros((0, 0))  # an empty field
    parts = _elements(content, order)
    flags = _first(_next(parts), order)
    shape = tuple(_numbers(_next(parts), order).tolist())
    name = bytes(_next(parts).data).decode("utf-8", errors="replace")
    if len(shape) < 2 or min(shape) < 0:
        raise ValueError(f"{name!r} has the shape {shape}")
    kind, bits = flags & 0xFF, flags >> 8
    if kind in NUMERIC and not bits & COMPLEX:
        values = _array(_next(parts), shape, order)
        return name, values[...].astype(bool) if bits & LOGICAL else values
    if kind == CELL and depth < DEEPEST:
        return name, [
            _matrix(e.content, order, depth + 1)[1] for e in _all(parts, shape)
        ]
    if kind == STRUCT and depth < DEEPEST:
        return name, _struct(parts, shape, order, depth)
    return name, None


def _struct(
    parts: Iterator[_Element], shape: tuple[int, ...], order: str, depth: int
) -> Any:
    width = _first(_next(parts), order)
    text = bytes(_next(parts).data)
    if not 0 < width <= max(1, len(text)):
        raise ValueError("damaged field names")
    fields = [
        text[i : i + width].split(b"\0")[0].decode("utf-8", errors="replace")
        for i in range(0, len(text), width)
    ]
    values = [
        _matrix(element.content, order, depth + 1)[1]
        for element in _all(parts, (*shape, len(fields)))
    ]
    rows = [
        dict(zip(fields, values[i : i + len(fields)], strict=True))
        for i in range(0, len(values), max(1, len(fields)))
    ]
    return rows[0] if len(rows) == 1 else rows


def _all(parts: Iterator[_Element], shape: tuple[int, ...]) -> list[_Element]:
    elements = list(parts)
    if len(elements) != _count(shape):
        raise ValueError(f"{len(elements)} elements for the shape {shape}")
    return elements


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for axis in shape:
        count *= axis  # Python's integers do not overflow, as NumPy's would
    return count


def _next(parts: Iterator[_Element]) -> _Element:
    element = next(parts, None)
    if element is None:
        raise ValueError("a part of an array is missing")
    return element


def _first(element: _Element, order: str) -> int:
    numbers = _numbers(element, order)
    if not len(numbers):
        raise ValueError("a number is missing")
    return int(numbers[0])


def _array(element: _Element, shape: tuple[int, ...], order: str) -> Any:
    dtype, content = _dtype(element, order), element.content
    count = len(content.data) // dtype.itemsize
    if _count(shape) != count:
        raise ValueError(f"an array has the shape {shape} but {count} values")
    if content.held is not None and len(content.data) > SMALL:
        return OnDisk(content.held, Layout(shape, True, dtype, content.place))
    return _numbers(element, order).reshape(shape, order="F")


def _numbers(element: _Element, order: str) -> np.ndarray:
    dtype = _dtype(element, order)
    return np.frombuffer(element.data, dtype).astype(dtype.newbyteorder("="))


def _dtype(element: _Element, order: str) -> np.dtype:
    if element.kind not in NUMBERS:
        raise ValueError(f"unknown kind of number {element.kind}")
    dtype = np.dtype(order + NUMBERS[element.kind])
    if len(element.data) % dtype.itemsize:
        raise ValueError("a number is cut")
    return dtype
