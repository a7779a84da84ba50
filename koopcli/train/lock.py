"""One process per run folder.

The lock belongs to the process, not to the file: it is gone when the process is, however
that ended, so a stale one cannot exist on one machine. The file says who holds it, and is
deleted when the run ends.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from koopcli import run_dir
from koopcli.errors import ConfigError


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Hold the lock of a run folder.

    Raises:
        ConfigError: Another process holds it; its host and process are named.
    """
    path = run / run_dir.LOCK
    descriptor = _open(path, run)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, _holder())
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
        os.close(descriptor)


def _open(path: Path, run: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor, run)
        except ConfigError:
            os.close(descriptor)
            raise
        # The holder before may have deleted it in between: then it locks nothing.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        os.close(descriptor)


def _lock(descriptor: int, run: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        text = os.read(descriptor, 1000)
        try:
            who = json.loads(text)
            holder = f"process {who['pid']} on {who['host']}"
        except (ValueError, KeyError, TypeError):
            holder = "another process"
        raise ConfigError(
            f"{run}: {holder} is training into this run folder; wait for it, stop it, or "
            "choose another --output"
        ) from error


def _holder() -> bytes:
    return json.dumps({"host": socket.gethostname(), "pid": os.getpid()}).encode()
