"""Two real processes on this machine, and what each does when the other cannot."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import jax
import linear_world
import numpy as np
import pytest
from tiny_training import TINY

from koopcli import distributed
from koopcli.config.processes import Processes
from koopcli.errors import (
    ApartError,
    ConfigError,
    DataError,
    DivergedError,
    LostProcessError,
)
from koopcli.model import checkpoint
from koopcli.train.fit import fit, resume
from koopcli.train.resuming import settings

PROCESSES = ["--checkpoint-every", "4", "--set", "rollout_every=0"]
# Where a run is cut, its sums of one and of two processes differ by rounding; over hundreds
# of steps Muon, which makes small singular values large, lets that grow past any tolerance.
STEADY = ["--set", "optimizer.method=adamw"]
MANY = [*TINY, *PROCESSES, *STEADY, "--steps", "300", "--set", "eval_every=4"]
FEW = [*TINY, *PROCESSES, "--steps", "12", "--set", "eval_every=4"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world((1000, 20, 25)))
    return linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("compiled"))


def port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def start(cache, *arguments):
    """Start `koopcli train` in two processes."""
    where = ["--coordinator", f"127.0.0.1:{port()}", "--num-processes", "2"]
    program = [sys.executable, "-m", "koopcli", "train", *map(str, arguments), *where]
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": cache,
    }
    return [
        subprocess.Popen(
            [*program, "--process-id", number],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in ("0", "1")
    ]


def finish(processes):
    said = [process.communicate(timeout=300) for process in processes]
    return [(p.returncode, *words) for p, words in zip(processes, said, strict=True)]


def at_step(processes, run, step):
    """Wait until a checkpoint of `step` steps or more is there."""
    while not any(
        int(path.stem.split("_")[1]) >= step
        for path in (run / "checkpoints").glob("step_*.eqx")
    ):
        assert all(p.poll() is None for p in processes), finish(processes)
        time.sleep(0.01)


def rows(run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def assert_same(run, other):
    for row, expected in zip(rows(run), rows(other), strict=True):
        for name, value in expected.items():
            if name.startswith(("train_", "val_")):
                assert row[name] == pytest.approx(value, rel=1e-4, abs=1e-7), name
    models = [checkpoint.load(folder / "last.eqx").model for folder in (run, other)]
    for leaf, expected in zip(*map(jax.tree.leaves, models), strict=True):
        np.testing.assert_allclose(leaf, expected, rtol=1e-3, atol=1e-5)


def alone(run, **train):
    """Train in this process as the run in `run` was told to."""
    from koopcli.cli.settings import resolve

    resolved = resolve(train, [], settings(run), {})
    return resolved.config


def test_a_run_of_two_whose_second_is_killed_goes_on_on_one(tmp_path, data, cache):
    run = tmp_path / "run"
    processes = start(cache, data, "-o", run, *MANY, "--json")
    at_step(processes, run, 8)
    processes[1].send_signal(signal.SIGKILL)
    (code, printed, said), (killed, other, _) = finish(processes)
    assert (code, killed) == (8, -signal.SIGKILL), said
    assert printed == other == "", "stdout is for results, and for JSON alone"
    assert "each batch of 2 windows is shared out over 2 devices" in said
    last = said.splitlines()[-1]
    assert last.startswith("error: another process of this run is gone (")
    assert last.endswith(f"koopcli train --resume {run} [--distributed]")
    resume(run, alone(run))
    fit(data, tmp_path / "one", alone(run))
    assert_same(run, tmp_path / "one")


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path, data, cache):
    run = tmp_path / "run"
    (code, printed, said), (also, other, quiet) = finish(
        start(cache, data, "-o", run, *FEW, "--data-map", "--json")
    )
    assert (code, also) == (0, 0), said + quiet
    assert json.loads(printed)["steps"] == 12 and other == ""
    assert "step 12/12" in said and "step 12/12" not in quiet
    assert (run / "data_map.npz").is_file() and not (run / ".lock").exists()
    assert json.loads((run / "environment.json").read_text())["process_count"] == 2
    fit(data, tmp_path / "one", alone(run))
    assert_same(run, tmp_path / "one")


@pytest.mark.slow
def test_two_processes_stop_together_and_go_on_together(tmp_path, data, cache):
    run = tmp_path / "run"
    # Less than the data, more than the windows of four calls.
    budget = ("--memory-budget", "15000", "--batch-size", "8", "--horizon", "5")
    processes = start(cache, data, "-o", run, *MANY, *budget)
    at_step(processes, run, 8)
    processes[1].send_signal(signal.SIGTERM)
    both = finish(processes)
    assert [code for code, *_ in both] == [130, 130], both
    assert "the data exceeds the memory budget" in both[0][2]
    lines = {said.splitlines()[-1] for _, _, said in both}
    assert len(lines) == 1 and "stopped by SIGTERM after step" in lines.pop()
    both = finish(start(cache, "--resume", run))
    assert [code for code, *_ in both] == [0, 0], both
    fit(data, tmp_path / "one", alone(run, num_devices=1))
    assert_same(run, tmp_path / "one")


@pytest.mark.slow
def test_what_only_one_process_knows_ends_both(tmp_path, data, cache):
    run = tmp_path / "run"
    run.mkdir()
    (run / "mine.txt").touch()
    (code, _, said), (other, _, quiet) = finish(start(cache, data, "-o", run, *FEW))
    assert (code, other) == (2, 2)
    assert "already exists" in said.splitlines()[-1]
    assert "process 0 could not begin; what it said" in quiet.splitlines()[-1]


@pytest.mark.slow
def test_when_the_first_is_killed_the_other_ends_too(tmp_path, data, cache):
    run = tmp_path / "run"
    processes = start(cache, data, "-o", run, *MANY)
    at_step(processes, run, 8)
    processes[0].send_signal(signal.SIGKILL)
    _, (code, _, said) = finish(processes)
    # JAX may end the process before it can speak.
    assert code in (8, -signal.SIGABRT), said
    assert "another process of this run is gone" in said or "another task died" in said
    resume(run, alone(run))


@pytest.fixture
def outside(monkeypatch):
    """Record what would be done to JAX's service and to this process."""
    done = []
    monkeypatch.setattr(distributed, "_met", type(distributed._met)())
    monkeypatch.setattr(
        jax.distributed, "initialize", lambda *_, **__: done.append("in")
    )
    monkeypatch.setattr(jax.distributed, "shutdown", lambda: done.append("out"))
    monkeypatch.setattr(distributed, "_leave_alone", lambda code: done.append(code))
    monkeypatch.setattr(distributed, "_gather", lambda digest: done.append(digest))
    return done


def test_who_is_alone_writes_meets_nobody_and_decides_for_all():
    assert distributed.primary()
    distributed.meet(b"x")
    assert distributed.highest([3, False]) == [3, False]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("coordinator_address should be defined."), "no process of a SLURM"),
        (RuntimeError("DEADLINE_EXCEEDED: x"), "cannot join the other processes"),
    ],
)
def test_processes_that_do_not_find_each_other_are_refused(monkeypatch, error, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(jax.distributed, "initialize", fail)
    joined = distributed.joined(Processes(), "")
    with pytest.raises(ConfigError, match=message), joined:
        pass


def test_without_an_error_all_leave_together(outside, capfd):
    with distributed.joined(Processes(), ""):
        os.write(1, b"noise of a library\n")
    sys.stdout.write("result\n")
    assert outside == ["in", "out"]
    assert capfd.readouterr() == ("result\n", "noise of a library\n")


def test_who_cannot_begin_tells_the_others(outside):
    with pytest.raises(DataError), distributed.joined(Processes(), ""):
        raise DataError("x")
    assert outside == ["in", b"", "out"]


@pytest.mark.parametrize("error", [DivergedError("x"), ApartError("x")])
def test_an_error_of_all_is_left_with_together(outside, error):
    with pytest.raises(type(error)), distributed.joined(Processes(), ""):
        distributed._met.set()
        raise error
    assert outside == ["in", "out"]


@pytest.mark.parametrize(
    ("error", "code"), [(OSError(), 1), (DataError("x"), 3), (KeyboardInterrupt(), 130)]
)
def test_an_error_of_one_waits_for_nobody(outside, error, code):
    with pytest.raises(type(error)), distributed.joined(Processes(), ""):
        distributed._met.set()
        raise error
    assert outside == ["in", code]


def test_a_lost_process_is_said_with_what_to_do(outside):
    joined, message = distributed.joined(Processes(), "go on"), r"gone .*; go on"
    with pytest.raises(LostProcessError, match=message), joined:
        raise ValueError("Gloo AllGather failed: closed\nmore")
    assert outside == ["in", 8]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([[1], [0]], "process 1 could not begin; what it said is the cause"),
        ([[1], [1], [2]], "process 2 has other settings, data or checkpoints"),
    ],
)
def test_processes_that_do_not_do_the_same_do_nothing(
    monkeypatch, outside, found, message
):
    monkeypatch.setattr(jax, "process_count", lambda: len(found))
    monkeypatch.setattr(distributed, "_gather", lambda _: found)
    with pytest.raises(ApartError, match=message):
        distributed.meet(b"x")
    assert distributed._met.is_set()


def test_leaving_alone_flushes_and_keeps_the_exit_code():
    program = (
        "import atexit; atexit.register(print, 'never'); from koopcli import distributed;"
        "distributed._leave_alone(5); print('said', end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (5, "said")
