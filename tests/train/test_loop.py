"""Stopping a run and going on: nothing may tell the result from an uninterrupted one."""

import csv
import dataclasses
import json
import os
import signal

import linear_world
import pytest

from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import store
from koopcli.errors import ConfigError, DataError, DivergedError, InterruptedRunError
from koopcli.model import checkpoint
from koopcli.train import lock, training_state
from koopcli.train.fit import fit, resume
from koopcli.train.validation import make_validation

SMALL = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, action_width=4, reencode_every=2
)
SAME = ("model.eqx", "last.eqx")
CLOCK = {"seconds", "steps_per_second"}


def config(**train):
    settings = {
        "steps": 20,
        "batch_size": 4,
        "horizon": 5,
        "dispatch_steps": 3,
        "eval_every": 4,
    }
    return RunConfig(model=SMALL, train=TrainConfig(**(settings | train)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data):
    run = tmp_path_factory.mktemp("whole") / "run"
    fit(data, run, config())
    return run


def stop_at(step, number=signal.SIGTERM):
    def report(record):
        if record.step == step:
            os.kill(os.getpid(), number)

    return report


def rows(run):
    with open(run / "metrics.csv") as file:
        return [
            {k: v for k, v in row.items() if k not in CLOCK}
            for row in csv.DictReader(file)
        ]


def assert_same(run, whole):
    for name in SAME:
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    newest, expected = training_state.newest(run), training_state.newest(whole)
    assert newest.saved.meta == expected.saved.meta
    # The bookkeeping holds wall-clock seconds; the optimiser follows it.
    assert newest.training.split(b"\n", 1)[1] == expected.training.split(b"\n", 1)[1]
    assert rows(run) == rows(whole)


@pytest.mark.parametrize("step", [3, 4, 11])
def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(tmp_path, data, whole, step):
    run = tmp_path / "run"
    with pytest.raises(
        InterruptedRunError, match=rf"SIGTERM after step {step}.*--resume {run}"
    ):
        fit(data, run, config(), report=stop_at(step))
    assert checkpoint.load(run / "last.eqx").meta.step == step
    said = []
    result = resume(run, config(), tell=said.append)
    assert said == [f"going on from step {step}"] and result.steps == 20
    assert_same(run, whole)


def test_a_run_stopped_twice_whose_last_checkpoint_is_lost_goes_on_from_the_one_before(
    tmp_path, data, whole
):
    run = tmp_path / "run"
    with pytest.raises(InterruptedRunError):
        fit(data, run, config(), report=stop_at(7))
    with pytest.raises(InterruptedRunError):
        resume(run, config(), report=stop_at(15))
    newest = run / "checkpoints" / "step_00000015.eqx"
    newest.write_bytes(newest.read_bytes()[:-7])
    said = []
    resume(run, config(), tell=said.append)
    assert "step_00000015.eqx: damaged" in said[0] and said[1].endswith("step 7")
    assert_same(run, whole)


def test_a_finished_run_goes_on_to_the_same_end_or_to_a_later_one(
    tmp_path, data, whole
):
    run = tmp_path / "run"
    fit(data, run, config(steps=8))
    before = (run / "model.eqx").read_bytes()
    assert resume(run, config(steps=8)).steps == 8
    assert (run / "model.eqx").read_bytes() == before
    result = resume(run, config(steps=20))
    assert result.steps == 20 and [row["step"] for row in rows(run)][-1] == "20"
    assert len(rows(run)) == len(rows(whole))


def test_patience_is_remembered(tmp_path, data):
    settings = config(steps=40, patience=2, eval_every=2)
    frozen = dataclasses.replace(
        settings,
        optimizer=dataclasses.replace(settings.optimizer, learning_rate=1e-30),
    )
    with pytest.raises(InterruptedRunError):
        fit(data, tmp_path / "run", frozen, report=stop_at(4))
    assert resume(tmp_path / "run", frozen).steps == 6
    assert resume(tmp_path / "run", frozen).steps == 6


def test_only_the_newest_checkpoints_are_kept(tmp_path, data):
    for keep, expected in ((2, [16, 20]), (0, [4, 8, 12, 16, 20])):
        run = tmp_path / str(keep)
        fit(data, run, config(checkpoint_every=4, keep=keep))
        found = sorted(path.name for path in (run / "checkpoints").iterdir())
        assert found == [f"step_{step:08d}.eqx" for step in expected]


def test_another_dataset_is_refused(tmp_path, data):
    fit(data, tmp_path / "run", config(steps=4))
    other = linear_world.write_world(tmp_path / "other.h5", linear_world.world())
    with pytest.raises(DataError, match=r"other\.h5: is not the file"):
        resume(tmp_path / "run", config(steps=4), other)


def test_a_folder_in_use_is_refused(tmp_path, data):
    fit(data, tmp_path / "run", config(steps=4))
    with (
        lock.held(tmp_path / "run"),
        pytest.raises(ConfigError, match="is training into this run folder"),
    ):
        resume(tmp_path / "run", config(steps=4))


def test_an_explosion_stops_the_run(tmp_path, data):
    with pytest.raises(DivergedError, match=r"the loss has grown to .* by step \d+"):
        fit(data, tmp_path / "run", config(steps=60, max_loss_growth=1.0))
    assert (tmp_path / "run" / "last.eqx").is_file()


def test_a_run_stopped_before_its_first_checkpoint_begins_again(tmp_path, data, whole):
    run = tmp_path / "run"
    fit(data, run, config(), report=lambda record: None)
    for path in [run / "last.eqx", *(run / "checkpoints").iterdir()]:
        path.unlink()
    (run / "checkpoints" / ".step_00000020.tmp.eqx").write_bytes(b"{half")
    (run / "metrics.csv").write_text("step,se")
    said = []
    resume(run, config(), tell=said.append)
    assert said == ["stopped before its first checkpoint: beginning again"]
    assert_same(run, whole)
    assert not list(run.rglob(".*"))


def test_the_record_says_when_and_where_a_run_went_on(tmp_path, data):
    with pytest.raises(InterruptedRunError):
        fit(data, tmp_path / "run", config(), report=stop_at(7), command="first")
    resume(tmp_path / "run", config(), command="second")
    record = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert record["command"] == "first" and record["seed"] == 0
    [again] = record["resumed"]
    assert (again["step"], again["command"]) == (7, "second")
    assert again["dataset_sha256"] == record["dataset_sha256"]


def test_a_run_cannot_be_shortened_to_before_where_it_is(tmp_path, data):
    fit(data, tmp_path / "run", config(steps=8))
    with pytest.raises(ConfigError, match=r"has taken 8 steps already; --steps 4"):
        resume(tmp_path / "run", config(steps=4))


def test_keeping_one_checkpoint_never_deletes_the_one_just_written(tmp_path, data):
    run = tmp_path / "run"
    fit(data, run, config(steps=8, checkpoint_every=4, keep=2))
    newest = run / "checkpoints" / "step_00000008.eqx"
    newest.write_bytes(b"damaged")
    with pytest.raises(InterruptedRunError):
        resume(run, config(steps=8, keep=1), report=stop_at(7))
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["step_00000007.eqx", "step_00000008.eqx"]
    assert resume(run, config(steps=8, keep=1)).steps == 8
    assert training_state.newest(run).saved.meta.step == 8


def test_the_folder_of_a_running_process_is_not_overwritten(tmp_path, data):
    run = tmp_path / "run"
    fit(data, run, config(steps=4))
    with (
        lock.held(run),
        pytest.raises(ConfigError, match="is training into this run folder"),
    ):
        fit(data, run, config(steps=4), overwrite=True)
    assert (run / "model.eqx").is_file()


def test_validation_may_look_further_than_training(tmp_path, data):
    run = tmp_path / "run"
    settings = config(val_horizon=9, steps=4)
    result = fit(data, run, settings)
    model = checkpoint.load(run / "model.eqx").model
    validate = make_validation(store.load(data), 9, settings.train.val_windows)
    assert result.best_validation == pytest.approx(
        validate(model, SMALL.reencode_every)["nmse"], rel=1e-5
    )
