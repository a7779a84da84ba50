"""Writing files so that a reader sees the old one or the new one, never a half."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from koopcli.errors import ConfigError


def refuse_overwrite(path: Path, *, overwrite: bool) -> None:
    """Stop before any work if `path` exists and may not be replaced.

    Raises:
        ConfigError: `path` exists and `overwrite` is false.
    """
    if path.exists() and not overwrite:
        raise ConfigError(f"{path}: already exists; choose another or add --overwrite")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success.

    On any error, also Ctrl-C, the temporary file is removed and `path` stays as it was.
    The file is flushed to disk before the rename, so that a crash cannot leave an
    empty file under the final name. The suffix is kept, since writers (Matplotlib)
    choose their format by it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in one piece."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the hash of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_tree(path: Path) -> None:
    """Delete a folder that koopcli itself made."""
    shutil.rmtree(path)
