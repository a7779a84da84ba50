"""A comparison that was stopped goes on exactly, and says how."""

import dataclasses
import json
import os
import signal
from contextlib import contextmanager

import linear_world
import pytest

from koopcli.compare import half_made, plan, training
from koopcli.compare.listener import Listener
from koopcli.config.choices import ModelKind
from koopcli.config.comparison import Budget, CompareConfig
from koopcli.errors import InterruptedRunError
from koopcli.files import sha256

SMALL = {
    "model.latent_dim": 2,
    "model.encoder_width": 4,
    "model.decoder_width": 4,
    "model.action_width": 4,
    "train.horizon": 3,
    "train.batch_size": 2,
    "train.dispatch_steps": 2,
    "train.eval_every": 2,
}
SETTINGS = CompareConfig(models=(ModelKind.KOOPMAN,), settings=SMALL)
RUN = plan.planned(plan.base_config(ModelKind.KOOPMAN, SETTINGS), 0, 6)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world())
    path = linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)
    return path, sha256(path)


def train(data, folder, heard, stop_at=None, command="koopcli compare a -o b"):
    @contextmanager
    def watch():
        def report(said):
            if said.step == stop_at:
                os.kill(os.getpid(), signal.SIGINT)

        yield report

    listener = Listener(tell=heard.append, watch=watch, command=command)
    return training.train([RUN], {}, data, folder, Budget(steps=6), listener)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, data):
    """A comparison that Ctrl-C has stopped after two of its six steps."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(
        InterruptedRunError,
        match="stopped after step 2 of 6; go on with: koopcli compare a -o b",
    ):
        train(data, folder, [], stop_at=2)
    return folder


def test_what_another_plan_or_another_dataset_left_does_not_go_on(stopped, data):
    folder = stopped / RUN.name
    assert half_made.find(folder, RUN, *data) is not None
    assert half_made.find(folder, RUN, data[0], "another") is None
    assert half_made.find(stopped / "none", RUN, *data) is None
    longer = dataclasses.replace(RUN.config.train, steps=8)
    other = dataclasses.replace(RUN.config, train=longer)
    assert half_made.find(folder, plan.Planned(RUN.model, 0, other), *data) is None
    closed = dataclasses.replace(RUN, model=ModelKind.EDMDC)
    assert half_made.find(folder, closed, *data) is None


def test_what_was_measured_before_counts(stopped, data):
    folder = stopped / RUN.name
    half = half_made.find(folder, RUN, *data)
    [row] = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    assert half.meter.steps == row["step"] == 2
    assert half.meter.seconds == pytest.approx(2 / row["steps_per_second"], rel=1e-6)


def test_it_goes_on_as_if_it_had_never_stopped(tmp_path, stopped, data):
    whole = train(data, tmp_path, [])[RUN.name]
    heard = []
    record = train(data, stopped, heard)[RUN.name]
    assert "koopman-seed0: going on from step 2" in heard
    assert (record.steps, record.best_step) == (whole.steps, whole.best_step)
    for name in ("model.eqx", "last.eqx", "config.toml"):
        found, expected = (f / RUN.name / name for f in (stopped, tmp_path))
        assert found.read_bytes() == expected.read_bytes(), name


def test_without_a_sound_checkpoint_it_begins_again(tmp_path, data):
    with pytest.raises(InterruptedRunError, match="go on with the same request"):
        train(data, tmp_path, [], stop_at=2, command="")
    for path in (tmp_path / RUN.name / "checkpoints").iterdir():
        path.write_bytes(b"rubbish")
    heard = []
    assert train(data, tmp_path, heard)[RUN.name].steps == 6
    assert not any("going on" in line for line in heard)
