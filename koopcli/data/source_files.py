"""Which files a source means: one file, or all files of a kind in a folder."""

import re
from pathlib import Path

from koopcli.errors import DataError


def recognised(source: str, suffixes: tuple[str, ...]) -> bool:
    """Whether `source` is a file of this kind, or a folder that holds some."""
    path = Path(source)
    if path.is_file():
        return path.suffix.lower() in suffixes
    return path.is_dir() and bool(_inside(path, suffixes))


def find(source: str, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files in the order in which people count: run2 before run10.

    Raises:
        DataError: There are none.
    """
    path = Path(source)
    if path.is_dir():
        found = _inside(path, suffixes)
        if not found:
            raise DataError(f"{path}: no {' or '.join(suffixes)} file in this folder")
        return tuple(found)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    return (path,)


def _inside(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    files = (path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    return sorted((path for path in files if path.is_file()), key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", path.name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]
