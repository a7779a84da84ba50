"""Which processes of this machine live, and one at a time where two would collide.

Locks of files belong to their process: they are gone when it is, however it ended.
"""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli import files
from koopcli.errors import ConfigError

WORKERS = "workers"
PATIENCE = 60.0
"""Seconds to wait for another process before giving up."""


@dataclass(frozen=True)
class Worker:
    """A process that works on a sweep.

    Attributes:
        host: Its machine.
        pid: Its number there.
        lock: The file it has locked for as long as it lives.
    """

    host: str
    pid: int
    lock: str

    def gone(self) -> bool:
        """Whether it is known to be dead; of other machines nothing is known."""
        if self.host != socket.gethostname() or sys.platform == "win32":
            return False
        path = Path(self.lock)
        try:
            # "r+", not "w": asking must not make the file.
            path.open("r+").close()
            descriptor = files.lock(path, _taken)
        except FileNotFoundError:
            return True
        except (ConfigError, OSError):
            return False
        path.unlink()
        os.close(descriptor)
        return True

    def document(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {"host": self.host, "pid": self.pid, "lock": self.lock}


@contextmanager
def working(folder: Path) -> Iterator[Worker]:
    """Be a worker, as others can see, until the end of the block."""
    host, pid = socket.gethostname(), os.getpid()
    path = folder / WORKERS / f"{host}-{pid}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = files.lock(path, _taken)
    try:
        yield Worker(host, pid, str(path.resolve()))
    finally:
        _release(path, descriptor)
        with suppress(OSError):  # others may still work
            path.parent.rmdir()


@contextmanager
def turn(path: Path, seconds: float = PATIENCE) -> Iterator[None]:
    """Hold the lock `path`, after waiting for whoever holds it.

    Raises:
        ConfigError: It is held for too long.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            descriptor = files.lock(path, _taken)
            break
        except ConfigError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    try:
        yield
    finally:
        _release(path, descriptor)


def _release(path: Path, descriptor: int) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    os.close(descriptor)


def _taken(_: str) -> ConfigError:
    return ConfigError("another process of this sweep holds a lock; try again later")
