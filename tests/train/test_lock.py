import fcntl
import json
import os
import signal
import subprocess
import sys

import pytest

from koopcli.errors import ConfigError
from koopcli.train import lock

HOLD = """
import sys, time
from pathlib import Path
from koopcli.train import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(run):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path):
    process = hold(tmp_path)
    try:
        with (
            pytest.raises(ConfigError, match=f"process {process.pid} on "),
            lock.held(tmp_path),
        ):
            pass
    finally:
        process.kill()
        process.communicate()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    process = hold(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with lock.held(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()


def test_a_lock_on_a_file_that_was_deleted_meanwhile_is_none(tmp_path, monkeypatch):
    original, deleted = fcntl.flock, []

    def slow(descriptor, how):
        if not deleted:
            deleted.append((tmp_path / ".lock").unlink())
        original(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", slow)
    with lock.held(tmp_path):
        assert deleted and (tmp_path / ".lock").is_file()


def test_the_lock_can_be_taken_again_and_an_unreadable_holder_is_still_one(tmp_path):
    with lock.held(tmp_path):
        (tmp_path / ".lock").write_text("?")
        with pytest.raises(ConfigError, match="another process"), lock.held(tmp_path):
            pass
    with lock.held(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
