"""Writing files so that a reader sees the old one or the new one, never a half."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
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


def refuse_results(folder: Path, names: Sequence[str], *, overwrite: bool) -> None:
    """Stop before any work if a result of a folder of results would be replaced.

    Raises:
        ConfigError: `folder` is a file, or holds one of `names` and `overwrite` is false.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; --output takes a folder")
    for name in names:
        if (folder / name).exists() and not overwrite:
            raise ConfigError(
                f"{folder / name}: already exists; choose another folder or add "
                "--overwrite"
            )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` on success.

    On any error, also Ctrl-C, the temporary file is removed and `path` stays as it was.
    The file is flushed to disk before the rename, so that a crash cannot leave an
    empty file under the final name. The suffix is kept, since writers (Matplotlib)
    choose their format by it. Writers must keep the file that is there, and fill it.

    The temporary file is locked, and the lock dies with the process: what a killed
    process leaves behind, the next one takes over.

    Raises:
        ConfigError: Another process is writing `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")
    try:
        held = lock(temporary, lambda _: _is_being_written(path))
    except OSError as error:
        # Nobody has asked for a file of that name.
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield temporary
        os.fsync(held)
        # Out of reach of others first: HDF5 could not read a file that is still locked.
        finished = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
        os.replace(temporary, finished)
        temporary = finished
        os.close(held)
        os.replace(finished, path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        with suppress(OSError):
            os.close(held)
        raise


def lock(path: Path, refusal: Callable[[str], ConfigError]) -> int:
    """Make and lock `path`; return its descriptor, which holds the lock until closed.

    The lock belongs to the process: it is gone when the process is, however that ended.

    Args:
        path: What to lock.
        refusal: Makes the error from what the holder wrote into the file.

    Raises:
        ConfigError: Another process holds it; as `refusal` says it.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if sys.platform == "win32":
            return descriptor
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            text = os.read(descriptor, 1000).decode("utf-8", "replace")
            os.close(descriptor)
            raise refusal(text) from error
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        # Its owner has just renamed or deleted it: that was another file.
        os.close(descriptor)


def _is_being_written(path: Path) -> ConfigError:
    return ConfigError(
        f"{path}: another process is writing it; wait for its end, or choose another "
        "output"
    )


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
