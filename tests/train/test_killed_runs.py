"""Real training processes that are killed, or have no room to write, and go on.

What they leave behind must be that of a process nobody disturbed, byte for byte. Almost all
of their time goes into writing checkpoints: one after each of the short calls.
"""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import linear_world
import pytest
from tiny_training import TINY

LONG = [
    *TINY,
    *("--steps", "160", "--checkpoint-every", "2", "--set", "eval_every=20"),
    *("--set", "val_windows=4", "--set", "rollout_every=0"),
]
CALLS = 80
CLOCK = {"seconds", "steps_per_second"}


def train(cache, *arguments, program=("-m", "koopcli"), within=()):
    # A cache of its own: a killed process may leave half an entry.
    return subprocess.Popen(
        [*within, sys.executable, *program, "train", *map(str, arguments)],
        env={**os.environ, "JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": cache},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    _, said = process.communicate(timeout=300)
    return process.returncode, said


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data, cache):
    run = tmp_path_factory.mktemp("whole") / "run"
    code, said = finish(train(cache, data, "-o", run, *LONG))
    assert code == 0, said
    return run


def records(run):
    try:
        with open(run / "metrics.csv") as file:
            return [
                {name: value for name, value in row.items() if name not in CLOCK}
                for row in csv.DictReader(file)
            ]
    except FileNotFoundError:
        return []


def assert_same(run, whole, calls=CALLS):
    for name in ("model.eqx", "last.eqx", "config.toml"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    names = [path.name for path in sorted((whole / "checkpoints").iterdir())]
    assert [path.name for path in sorted((run / "checkpoints").iterdir())] == names
    assert records(run) == records(whole) and len(records(run)) == calls
    assert not list(run.rglob(".*")), "nothing half written is left"


def kill_after(process, run, count, pause):
    """Kill a process `pause` seconds after it has written `count` records."""
    while len(records(run)) < count and process.poll() is None:
        time.sleep(0.001)
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    code, said = finish(process)
    assert code == -signal.SIGKILL, said


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_again_and_again_ends_as_if_it_never_was(
    tmp_path, data, whole, cache, kills
):
    rng, run, during = random.Random(kills), tmp_path / "run", 0
    process = train(cache, data, "-o", run, *LONG)
    for number in range(kills):
        # Later each time, so that the run gets somewhere; one call takes about 10 ms.
        count = 1 + int((number + rng.random()) * (CALLS - 20) / kills)
        kill_after(process, run, count, rng.random() * 0.03)
        during += bool(list(run.rglob(".*.tmp.*")))
        process = train(cache, "--resume", run)
    code, said = finish(process)
    assert code == 0 and "going on from step" in said, said
    assert_same(run, whole)
    assert during or kills < 10, "none of them came during a write"


@pytest.mark.parametrize(
    ("kills", "calls"),
    [
        pytest.param(1, 20, marks=pytest.mark.slow),
        pytest.param(10, CALLS, marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_that_reads_its_data_from_disk_ends_as_if_it_never_was(
    tmp_path, data, cache, kills, calls
):
    # Less than the data, which are 1.9 kB, and more than the windows of four calls.
    how = [*LONG, "--memory-budget", "1500", "--steps", str(2 * calls)]
    code, said = finish(train(cache, data, "-o", tmp_path / "whole", *how))
    assert code == 0 and "the data exceeds the memory budget" in said, said
    rng, run = random.Random(kills), tmp_path / "run"
    process = train(cache, data, "-o", run, *how)
    for number in range(kills):
        count = 1 + int((number + rng.random()) * (calls - 10) / kills)
        kill_after(process, run, count, rng.random() * 0.03)
        process = train(cache, "--resume", run)
    code, said = finish(process)
    assert code == 0 and "going on from step" in said, said
    assert "the data exceeds the memory budget" in said
    assert_same(run, tmp_path / "whole", calls)


SMALL = """
import resource, sys
from koopcli.cli.app import main
limit = int(sys.argv.pop())
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
main()
"""


@pytest.fixture(scope="module")
def half(tmp_path_factory, data, cache):
    """A run that was killed about half-way, to copy."""
    run = tmp_path_factory.mktemp("half") / "run"
    kill_after(train(cache, data, "-o", run, *LONG), run, CALLS // 2, 0.0)
    return run


def half_lines(run):
    text = (run / "metrics.jsonl").read_text()
    return [] if text.endswith("\n") else [text.splitlines()[-1]]


@pytest.mark.parametrize(
    "what", [pytest.param("metrics", marks=pytest.mark.slow), "checkpoint"]
)
def test_without_room_the_last_checkpoint_stays_and_no_record_is_cut(
    tmp_path, whole, half, what, cache
):
    run = tmp_path / "run"
    shutil.copytree(half, run)
    newest = max((run / "checkpoints").glob("step*.eqx"))
    # Files of metrics may grow by a record or so, or checkpoints not reach their end.
    limit = (run / "metrics.jsonl").stat().st_size + 200
    if what == "checkpoint":
        limit = newest.stat().st_size - 500  # later ones differ by digits
        for name in ("metrics.jsonl", "metrics.csv"):
            assert (run / name).stat().st_size < limit - 1500
    code, said = finish(train(cache, "--resume", run, limit, program=("-c", SMALL)))
    assert code == 1 and "Traceback" not in said, said
    last = said.splitlines()[-1]
    assert last.startswith("error: ") and "limit on the size of files" in last
    assert last.endswith(f"then go on with: koopcli train --resume {run}")
    assert half_lines(run) == [] and newest.is_file()
    assert finish(train(cache, "--resume", run))[0] == 0
    assert_same(run, whole)


MOUNTED = """
set -e
mount -t tmpfs -o size=$1 none "$2"
cp -r "$3" "$2/run"
if [ "$4" = ro ]; then mount -o remount,ro "$2"; fi
shift 4
if "$@"; then exit 99; fi
if [ "$KIND" = full ]; then mount -o remount,size=100m "$DISK"; exec "$@"; fi
"""


@pytest.mark.parametrize("kind", ["full", "ro"])
def test_on_a_full_disk_and_a_closed_one_nothing_is_lost(
    tmp_path, whole, half, kind, cache, monkeypatch
):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    used = sum(4096 + path.stat().st_size for path in half.rglob("*")) // 1024
    size = f"{used + 8}k" if kind == "full" else "100m"
    monkeypatch.setenv("DISK", str(disk))
    monkeypatch.setenv("KIND", kind)
    within = ["unshare", "-rm", "bash", "-c", MOUNTED, "-", size, disk, half, kind]
    code, said = finish(train(cache, "--resume", disk / "run", within=map(str, within)))
    assert code == 0 and "Traceback" not in said, said
    first = next(line for line in said.splitlines() if line.startswith("error: "))
    expected = {"full": "No space left on device", "ro": "Read-only file system"}[kind]
    assert expected in first
    if kind == "full":
        assert f"koopcli train --resume {disk}/run" in first
        assert "step 160/160" in said


CLOSED = """
mount -t tmpfs none "$1" && mount -o remount,ro "$1" && cd "$1" && shift
"$@"
code=$?
ls -A
exit $code
"""


def test_a_new_run_in_a_closed_folder_is_refused_and_leaves_nothing(
    tmp_path, data, cache
):
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    within = ["unshare", "-rm", "bash", "-c", CLOSED, "-", str(tmp_path)]
    process = train(cache, data, "-o", tmp_path / "run", *LONG, within=within)
    listed, said = process.communicate(timeout=300)
    assert process.returncode == 1 and listed == "", said
    expected = "Read-only file system; choose a place you may write to"
    assert said.splitlines()[-1] == f"error: {tmp_path}/run: {expected}"
