from pathlib import Path
from typing import Any

import pytest

from koopcli.compare import plan, training
from koopcli.compare import record as records
from koopcli.compare.listener import Listener
from koopcli.compare.record import Record, Status
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import Budget, CompareConfig

BASES = {
    kind: plan.base_config(kind, CompareConfig())
    for kind in (ModelKind.KOOPMAN, ModelKind.MLP)
}
STEPS = Budget(steps=5)


def planned():
    return [plan.planned(base, seed, 5) for seed in (0, 1) for base in BASES.values()]


def train(folder, found=None, heard=None):
    listener = Listener(tell=(heard if heard is not None else []).append)
    data = (Path("d.h5"), "abc")
    return training.train(planned(), found or {}, data, folder, STEPS, listener)


def test_every_run_is_trained_recorded_and_announced(tmp_path, trained):
    heard: list[Any] = []
    done = train(tmp_path, heard=heard)
    names = ["koopman-seed0", "mlp-seed0", "koopman-seed1", "mlp-seed1"]
    assert list(done) == names == list(trained)
    first = done["koopman-seed0"]
    assert (first.parameters, first.steps, first.wall_seconds) == (77, 5, 9.0)
    assert first.training_seconds == pytest.approx(2.5)
    assert done["mlp-seed0"].horizon == 20
    for run in planned():
        folder = tmp_path / run.name
        assert records.read(folder, run, "abc", renew=False) == done[run.name]
    assert heard[0] == "run 1 of 4: koopman-seed0, 5 steps of 32 windows, horizon 100"
    assert heard[1] == "koopman-seed0: beware"
    assert heard[2].endswith("horizon 20; about 27 s left in all")


def test_finished_runs_are_skipped(tmp_path, trained):
    found = train(tmp_path)
    del found["mlp-seed0"]
    trained.clear()
    heard: list[Any] = []
    train(tmp_path, found, heard)
    assert trained == ["mlp-seed0"]
    assert heard[0] == "run 1 of 4: koopman-seed0, finished before"


def test_a_run_that_diverges_is_recorded_and_the_others_go_on(tmp_path, trained):
    trained.bad = ("koopman-seed0",)
    done = train(tmp_path)
    assert done["koopman-seed0"].status == Status.DIVERGED
    assert "non-finite" in done["koopman-seed0"].message
    assert done["koopman-seed0"].parameters is None
    assert [run.status for run in done.values()].count(Status.FINISHED) == 3


def test_an_interrupted_run_leaves_no_record_and_is_replaced(tmp_path, trained):
    trained.killed = ("mlp-seed0",)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path)
    assert not (tmp_path / "mlp-seed0" / records.RECORD).exists()
    trained.killed = ()
    assert train(tmp_path)["mlp-seed0"].status == Status.FINISHED


def took(model, seconds):
    return Record(
        model=model, seed=0, status=Status.FINISHED, steps=1, training_seconds=1.0,
        wall_seconds=seconds, batch_size=1, horizon=1,
    )  # fmt: skip


def test_the_estimate_uses_what_is_known_best():
    runs = planned()[:2]
    assert training.estimate(runs, [], STEPS) is None
    assert training.estimate(runs, [], Budget(seconds=30)) == 60
    assert training.estimate(runs, [took("mlp", 4.0)], STEPS) == 8
    known = [took("mlp", 4.0), took("koopman", 10.0), took("koopman", 20.0)]
    assert training.estimate(runs, known, Budget(seconds=30)) == 19


def test_steps_come_from_the_budget_or_were_measured():
    assert training.steps_of("koopman", STEPS, {}) == 5
    assert training.steps_of("koopman", Budget(seconds=9), {"koopman": 7}) == 7
    assert training.steps_of("edmdc", STEPS, {}) is None
