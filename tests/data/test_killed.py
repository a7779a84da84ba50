"""Ingest in real processes that die, run out of space, or get in each other's way."""

import json
import subprocess
import sys

import pytest
from d4rl_file import write_d4rl

from koopcli.config.data import IngestConfig
from koopcli.data import store
from koopcli.data.ingest import ingest

KILLED = """
import os, signal, sys
from pathlib import Path
from koopcli import files
from koopcli.config.data import IngestConfig
from koopcli.data import ingest, split_parts, writer
import koopcli.data.readers.d4rl

def dies(place, name, when):
    original, calls = getattr(place, name), []
    def call(*arguments, **settings):
        calls.append(name)
        if len(calls) == when:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **settings)
    setattr(place, name, call)

MOMENTS = {
    "open": (ingest, "open_source", 1), "create": (writer.hdf5, "writing", 1),
    "adopt": (writer.DatasetWriter, "adopt", 1),
    "first": (writer.DatasetWriter, "add", 1), "third": (writer.DatasetWriter, "add", 3),
    "columns": (writer.DatasetWriter, "_flush", 1), "splits": (split_parts, "write", 1),
    "annotate": (writer.DatasetWriter, "annotate", 1), "sync": (os, "fsync", 1),
    "rename": (os, "replace", 1), "again": (os, "replace", 2), "never": (os, "fsync", 9),
}
source, out, mode, old = sys.argv[1:]
config = IngestConfig(dt=0.1)
for moment, place in MOMENTS.items():
    Path(out).unlink(missing_ok=True)
    if old:
        Path(out).write_bytes(Path(old).read_bytes())
    child = os.fork()
    if not child:
        dies(*place)
        ingest.ingest([source], Path(out), config, **({mode: True} if mode else {}))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    there = Path(out).is_file()
    same = there and bool(old) and Path(out).read_bytes() == Path(old).read_bytes()
    print(f'["{moment}", {status}, {int(there)}, {int(same)}]')
"""


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("mode", ["", "overwrite", "append"])
def test_killed_at_any_moment_it_leaves_the_old_file_or_none(tmp_path, mode):
    source, out, old = (tmp_path / name for name in ("x.hdf5", "o.h5", "old.h5"))
    write_d4rl(source, (5, 6, 7))
    if mode:
        ingest([str(source)], old, IngestConfig(dt=0.1))
    done = run(KILLED, source, out, mode, old if mode else "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 12, done.stderr
    for moment, status, there, same in found:
        lives = moment == "never" or (moment == "adopt" and mode != "append")
        assert status == (0 if lives else 9), moment
        if not lives:
            assert (there, same) == (bool(mode), bool(mode)), moment
    # What they left behind is in nobody's way: the last one was not killed.
    assert store.load(out).lengths.tolist() == [5, 6, 7] * (1 + (mode == "append"))
    hidden = [path.name for path in tmp_path.iterdir() if path.name[0] == "."]
    assert len(hidden) == 1  # of the moment between two renames


SMALL = """
import resource, sys
from koopcli.cli.app import main
import koopcli.data.readers.d4rl
limit = int(sys.argv.pop())
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
main()
"""


@pytest.mark.parametrize("limit", [0, 3_000, 20_000])
def test_on_a_full_disk_the_old_file_stays(tmp_path, limit):
    source, out = tmp_path / "x.hdf5", tmp_path / "o.h5"
    write_d4rl(source, (2_000, 3_000))
    ingest([str(source)], out, IngestConfig(dt=0.1))
    whole = out.read_bytes()
    for flag in ("--append", "--overwrite"):
        done = run(SMALL, "ingest", source, "--output", out, "--dt", "0.1", flag, limit)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert "a limit on the size of files is in force" in done.stderr
        assert out.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.h5", "x.hdf5"]


CLOSED = """
mount -t tmpfs none "$1" && mount -o remount,ro "$1" && cd "$1" && shift
"$@"
code=$?
ls -A
exit $code
"""


def test_a_closed_folder_is_refused_and_nothing_is_left(tmp_path):
    source, closed = tmp_path / "x.hdf5", tmp_path / "closed"
    write_d4rl(source, (5, 6, 7))
    closed.mkdir()
    # Permissions do not bind root: a file system that may only be read does.
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    program = [sys.executable, "-m", "koopcli", "ingest", source, "-o", closed / "o.h5"]
    done = subprocess.run(
        ["unshare", "-rm", "bash", "-c", CLOSED, "-", closed, *program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    expected = "Read-only file system; choose a place you may write to"
    assert done.stderr.splitlines()[-1] == f"error: {closed}/o.h5: {expected}"


SLOW = """
import sys, time
from koopcli.data.writer import DatasetWriter
from koopcli.cli.app import main
def add(self, episode):
    print("adding", flush=True)
    time.sleep(60)
DatasetWriter.add = add
main()
"""


def test_the_second_of_two_writers_is_refused_at_its_start(tmp_path):
    source, out = tmp_path / "x.hdf5", tmp_path / "o.h5"
    write_d4rl(source, (5, 6, 7))
    command = ["ingest", str(source), "--output", str(out)]
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, *command], stdout=subprocess.PIPE
    ) as first:
        assert first.stdout.readline() == b"adding\n"
        second = run("from koopcli.cli.app import main; main()", *command)
        first.kill()
    assert second.returncode == 2
    assert f"{out}: another process is writing it" in second.stderr
    ingest([str(source)], out, IngestConfig())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.h5", "x.hdf5"]
