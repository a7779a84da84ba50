"""A file of named parts, behind a line of JSON that says how long and how sound they are.

    {"format": ..., "parts": {"model": {"bytes": n, "sha256": h}}, ..., "sha256": h}

then the parts, one after the other. Nothing is allocated on the word of the header alone,
and neither a part nor the header gets past its hash if it was cut short or changed.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from koopcli.errors import ModelError
from koopcli.files import replacing

MAX_HEADER_BYTES = 16 * 2**20
SIGNATURE = "sha256"


def write(path: Path, header: dict[str, Any], parts: dict[str, bytes]) -> None:
    """Write `path` in one piece; see `koopcli.files.replacing`."""
    described = {
        name: {"bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()}
        for name, part in parts.items()
    }
    line = json.dumps(signed(header | {"parts": described}), allow_nan=False)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(line.encode() + b"\n")
        for part in parts.values():
            file.write(part)


def read_header(file: BinaryIO) -> dict[str, Any] | None:
    """Return the first line of an open file; None if it is not a JSON object."""
    line = file.readline(MAX_HEADER_BYTES)
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def signed(header: dict[str, Any]) -> dict[str, Any]:
    """Return `header` with its hash: what is written reads back to the same text."""
    return header | {SIGNATURE: hashlib.sha256(json.dumps(header).encode()).hexdigest()}


def check(path: Path, header: dict[str, Any]) -> None:
    """Compare a header with its hash.

    Raises:
        ModelError: It is not what was written.
    """
    rest = {key: value for key, value in header.items() if key != SIGNATURE}
    if signed(rest)[SIGNATURE] != header.get(SIGNATURE):
        raise ModelError(f"{path}: damaged header (it fails its checksum)")


def read_part(
    path: Path, file: BinaryIO, header: dict[str, Any], name: str
) -> bytes | None:
    """Return a part of a file whose header was just read; None if there is no such part.

    Raises:
        ModelError: The file is shorter or longer than its header says, or the part is
            not what was written.
    """
    try:
        described = header["parts"]
        sizes = {key: int(part["bytes"]) for key, part in described.items()}
        expected = {key: str(part["sha256"]) for key, part in described.items()}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"{path}: damaged header (no list of parts)") from error
    first = file.tell()
    held, said = os.fstat(file.fileno()).st_size - first, sum(sizes.values())
    if held != said or min(sizes.values(), default=0) < 0:
        raise ModelError(f"{path}: damaged: holds {held} bytes, its header says {said}")
    if name not in sizes:
        return None
    names = list(sizes)
    file.seek(first + sum(sizes[other] for other in names[: names.index(name)]))
    part = file.read(sizes[name])
    file.seek(first)
    if hashlib.sha256(part).hexdigest() != expected[name]:
        raise ModelError(f"{path}: damaged: the {name} part fails its checksum")
    return part
