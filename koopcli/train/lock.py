"""One process per run folder.

The lock belongs to the process, not to the file: it is gone when the process is, however
that ended, so a stale one cannot exist on one machine. The file says who holds it, and is
deleted when the run ends.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from koopcli import files, run_dir
from koopcli.errors import ConfigError


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Hold the lock of a run folder.

    Raises:
        ConfigError: Another process holds it; its host and process are named.
    """
    path = run / run_dir.LOCK
    descriptor = files.lock(path, lambda text: _refusal(run, text))
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, _holder())
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
        os.close(descriptor)


def _refusal(run: Path, text: str) -> ConfigError:
    try:
        who = json.loads(text)
        holder = f"process {who['pid']} on {who['host']}"
    except (ValueError, KeyError, TypeError):
        holder = "another process"
    return ConfigError(
        f"{run}: {holder} is training into this run folder; wait for it, stop it, or "
        "choose another --output"
    )


def _holder() -> bytes:
    return json.dumps({"host": socket.gethostname(), "pid": os.getpid()}).encode()
