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
import zipfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from koopcli.data.on_disk import Held, Layout, OnDisk
from koopcli.errors import DataError

LARGEST_DEFLATE_RATIO = 1100
"""A compressed member cannot grow by more; one that says so is damaged or malicious."""
HELD = 2**20
"""Bytes up to which an array is simply read."""
_BLOCK = 2**20
_LOCAL_HEADER = struct.Struct("<26xHH")
"""What precedes a member: 26 bytes, then the lengths of its name and extra field."""


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


def _layout(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Layout:
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
        layout = Layout(*header(stream), stream.tell())
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
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, layout: Layout
) -> np.ndarray | OnDisk:
    with archive.open(member) as stream:
        if member.file_size <= HELD or not layout.shape:
            return np.lib.format.read_array(stream, allow_pickle=False)
        if member.compress_type == zipfile.ZIP_STORED:
            while stream.read(_BLOCK):  # to its end, where the checksum is compared
                pass
            start = _start(path, member) + layout.offset
            layout = dataclasses.replace(layout, offset=start)
            return OnDisk(Held(open(path, "rb")), layout)
        with ExitStack() as closing:
            unpacked = closing.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(stream, unpacked, _BLOCK)
            unpacked.flush()
            closing.pop_all()
        return OnDisk(Held(unpacked), layout)


def _start(path: Path, member: zipfile.ZipInfo) -> int:
    with open(path, "rb") as file:
        file.seek(member.header_offset)
        name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return member.header_offset + _LOCAL_HEADER.size + int(name) + int(extra)
