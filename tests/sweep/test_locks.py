import subprocess
import sys
from dataclasses import replace

import pytest

from koopcli.errors import ConfigError
from koopcli.sweep import locks

WORKS = """
import sys
from pathlib import Path
from koopcli.sweep import locks
with locks.working(Path(sys.argv[1])) as worker:
    print(worker.lock, worker.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """A process that works on the sweep in `tmp_path`, and what it says of itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKS, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lock, pid = process.stdout.readline().split()
    with locks.working(tmp_path / "mine") as mine:
        worker = replace(mine, lock=lock, pid=int(pid))
    yield process, worker
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_a_process_is_gone_when_it_was_killed_and_not_before(other):
    process, worker = other
    assert not worker.gone()
    process.kill()
    process.wait()
    assert worker.gone() and worker.gone()


def test_a_process_of_another_machine_may_live(other):
    process, worker = other
    process.kill()
    process.wait()
    assert not replace(worker, host="elsewhere").gone()


def test_a_worker_lives_for_its_block(tmp_path):
    with locks.working(tmp_path) as worker:
        assert locks.Worker(**worker.document()) == worker
        # The lock of this very process is held too, as another descriptor finds.
        assert not worker.gone()
    assert worker.gone() and not (tmp_path / locks.WORKERS).exists()


def test_turns_are_taken_one_after_the_other(tmp_path):
    path = tmp_path / ".lock"
    with (
        locks.turn(path),
        pytest.raises(ConfigError, match="another process of this sweep"),
        locks.turn(path, seconds=0.0),
    ):
        pass
    assert not path.exists()
    with locks.turn(path, seconds=0.0):
        assert path.exists()
