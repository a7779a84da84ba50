"""The compile cache on disk, so that a second start of a command need not compile again.

JAX has the cache; this module says where it is and how large it may grow. It sets JAX's
variables, which JAX reads when it is first imported: to be called before that.
"""

import contextlib
import hashlib
import os
import platform
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

VARIABLE = "KOOPCLI_COMPILE_CACHE"
"""A folder, or `off`."""
FOLDER = "JAX_COMPILATION_CACHE_DIR"
OTHERS = {
    # Everything is kept: dozens of small programs take as long as the large one.
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
LIMIT = 10**9
"""Bytes above which the oldest entries are deleted, at the next start. JAX's own limit
needs another package, and a process killed at the wrong moment ends all writing."""
CPU_INFO = Path("/proc/cpuinfo")


def turn_on(environ: MutableMapping[str, str]) -> str | None:
    """Have JAX keep compiled programs on disk.

    Without a word in `VARIABLE` in the cache folder of the user. Nothing is done if that
    says `off`, or if the user has told JAX of a folder.

    Args:
        environ: The environment, read and changed.

    Returns:
        Why there is no cache although there should be one.
    """
    wanted = environ.get(VARIABLE, "")
    if environ.get(FOLDER) or wanted.lower() == "off":
        return None
    folder = (Path(wanted).expanduser() if wanted else _default(environ)) / _machine()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass  # full of rights, and of space
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        return (
            f"{folder}: cannot keep compiled programs ({reason}), so every start compiles "
            f"anew; set {VARIABLE} to another folder, or to off"
        )
    prune(folder, LIMIT)
    environ[FOLDER] = str(folder)
    for name, value in OTHERS.items():
        environ.setdefault(name, value)
    return None


def prune(folder: Path, limit: int) -> None:
    """Delete the oldest files of `folder` until they take no more than `limit` bytes.

    Other processes may do the same, or read and write, at the same time: an entry that
    has gone is compiled again.
    """
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if path.is_file():
                found.append((status.st_mtime, status.st_size, path))
    excess = sum(size for _, size, _ in found) - limit
    for _, size, path in sorted(found):
        if excess <= 0:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        excess -= size


def _default(environ: MutableMapping[str, str]) -> Path:
    # A relative path in the variable is to be ignored: XDG base directory specification.
    cache = Path(environ.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        cache = Path("~/.cache").expanduser()
    return cache / "koopcli" / "jax"


def _machine() -> str:
    """Name the kind of processor: a home folder may be shared by several.

    A program compiled for instructions that a processor lacks would end the process.
    """
    features = platform.machine() + platform.processor()
    with contextlib.suppress(OSError), CPU_INFO.open(encoding="utf-8") as lines:
        features += "".join(
            sorted(
                {
                    line
                    for line in lines
                    if line.startswith(("flags", "Features", "model name"))
                }
            )
        )
    name = hashlib.sha256(features.encode()).hexdigest()[:12]
    return f"{platform.machine() or os.name}-{name}"
