"""The arrays of an NPZ file, without holding them: large ones stay on disk.

A member that is stored as it is (`np.savez`) is read where it lies; a compressed one is
unpacked into a temporary file first ($TMPDIR), which is gone with the process. Either way
every byte is read once through `zipfile`, which checks its checksum. A member's header says
how large its array is, so that an absurd one is refused before memory is asked for.
"""

import dataclasses
import errno
import shutil
import struct
import tempfile
import weakref
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from koopcli.errors import DataError

LARGEST_DEFLATE_RATIO = 1100
"""A compressed member cannot grow by more; one that says so is damaged or malicious."""
HELD = 2**20
"""Bytes up to which an array is simply read."""
_BLOCK = 2**20
_LOCAL_HEADER = struct.Struct("<26xHH")
"""What precedes a member: 26 bytes, then the lengths of its name and extra field."""


@dataclass(frozen=True)
class _Layout:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    offset: int


class OnDisk:
    """An array in a file: slices of its rows are arrays, and only these take memory."""

    def __init__(self, file: IO[bytes], layout: _Layout):
        """Take over `file`, which holds the array from `layout.offset` on."""
        self._file, self._offset = file, layout.offset
        self.shape, self.dtype = layout.shape, layout.dtype
        self.ndim = len(self.shape)
        weakref.finalize(self, file.close)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return rows, or parts of them, as NumPy would."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if first is ...:
            first = slice(None)
        if not isinstance(first, slice):
            return self._rows(first, first + 1)[(0, *rest)]
        return self._rows(*first.indices(len(self))[:2])[(slice(None), *rest)]

    def _rows(self, start: int, stop: int) -> np.ndarray:
        shape = (max(0, stop - start), *self.shape[1:])
        if not np.prod(shape):
            return np.empty(shape, self.dtype)
        row = self.dtype.itemsize * int(np.prod(self.shape[1:]))
        offset = self._offset + start * row
        return np.memmap(self._file, self.dtype, "r", offset=offset, shape=shape)


def read(path: Path) -> dict[str, np.ndarray | OnDisk]:
    """Return the arrays by name, large ones on disk.

    Raises:
        DataError: The file is damaged, or holds pickled objects.
        OSError: There is no room to unpack it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            layouts = [_layout(path, archive, member) for member in members]
            return {
                member.filename.removesuffix(".npy"): _array(
                    path, archive, member, layout
                )
                for member, layout in zip(members, layouts, strict=True)
            }
    except DataError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        # zlib.error, struct.error, and all that a damaged header makes a parser raise.
        raise DataError(f"{path}: not a readable NPZ file ({error!r})") from error


def _layout(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Layout:
    name = member.filename.removesuffix(".npy")
    if member.file_size > LARGEST_DEFLATE_RATIO * member.compress_size + 1024:
        raise DataError(f"{path}: {name!r} claims an impossible size; it is damaged")
    with archive.open(member) as stream:
        major, _ = np.lib.format.read_magic(stream)
        header = (
            np.lib.format.read_array_header_1_0
            if major == 1
            else np.lib.format.read_array_header_2_0
        )
        layout = _Layout(*header(stream), stream.tell())
    if layout.dtype.hasobject:
        raise DataError(
            f"{path}: {name!r} holds Python objects (a pickle), and reading those can "
            "run any program; save plain arrays, one episode per file or flat with an "
            "'episode' column"
        )
    size = layout.dtype.itemsize
    for axis in layout.shape:
        size *= axis  # Python's integers do not overflow, as NumPy's would
    if size != member.file_size - layout.offset:
        raise DataError(
            f"{path}: {name!r} has the shape {layout.shape} but holds "
            f"{member.file_size - layout.offset} bytes; it is damaged"
        )
    return layout


def _array(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, layout: _Layout
) -> np.ndarray | OnDisk:
    with archive.open(member) as stream:
        if member.file_size <= HELD or layout.fortran or not layout.shape:
            return np.lib.format.read_array(stream, allow_pickle=False)
        if member.compress_type == zipfile.ZIP_STORED:
            while stream.read(_BLOCK):  # to its end, where the checksum is compared
                pass
            start = _start(path, member) + layout.offset
            return OnDisk(open(path, "rb"), dataclasses.replace(layout, offset=start))
        with ExitStack() as closing:
            unpacked = closing.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(stream, unpacked, _BLOCK)
            unpacked.flush()
            closing.pop_all()
        return OnDisk(unpacked, layout)


def _start(path: Path, member: zipfile.ZipInfo) -> int:
    with open(path, "rb") as file:
        file.seek(member.header_offset)
        name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return member.header_offset + _LOCAL_HEADER.size + int(name) + int(extra)
