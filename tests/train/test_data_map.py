"""The data map of a run: right, and the same however often the run was stopped."""

import os
import signal

import jax.numpy as jnp
import linear_world
import numpy as np
import pytest

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import data_map, store
from koopcli.errors import ConfigError, InterruptedRunError
from koopcli.model import checkpoint, header
from koopcli.train.data_map import DataMapRecorder
from koopcli.train.fit import fit, resume

SMALL = ModelConfig(
    latent_dim=2, encoder_width=4, decoder_width=4, action_width=4, reencode_every=0
)


def config(**train):
    settings = {
        "steps": 12,
        "batch_size": 2,
        "horizon": 4,
        "dispatch_steps": 3,
        "eval_every": 4,
        "data_map": True,
        "map_windows": 7,
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


def stop_at(step):
    def report(record):
        if record.step == step:
            os.kill(os.getpid(), signal.SIGTERM)

    return report


def content(run):
    return (run / "data_map.npz").read_bytes()


def test_errors_are_those_of_rollouts_one_by_one(data, whole):
    found, dataset = data_map.read(whole / "data_map.npz"), store.load(data)
    assert found.steps.tolist() == [4, 8, 12] and found.errors.shape == (3, 7)
    model = checkpoint.load(whole / "last.eqx").model
    scale = dataset.statistics.observations.scale
    for at in range(7):
        start, steps = found.starts[at], found.lengths[at]
        prediction = model.rollout(
            jnp.asarray(dataset.observations[start]),
            jnp.asarray(dataset.actions[start : start + steps]),
        ).states
        truth = dataset.observations[start + 1 : start + steps + 1]
        expected = (((np.asarray(prediction) - truth) / scale) ** 2).mean()
        assert found.errors[-1, at] == pytest.approx(expected, rel=1e-3)


def test_a_stopped_run_has_the_map_of_one_that_never_stopped(tmp_path, data, whole):
    run = tmp_path / "run"
    with pytest.raises(InterruptedRunError):
        fit(data, run, config(), report=stop_at(11))
    resume(run, config())
    assert content(run) == content(whole)


def test_what_was_measured_after_the_last_sound_checkpoint_is_measured_again(
    tmp_path, data, whole
):
    run = tmp_path / "run"
    fit(data, run, config(checkpoint_every=6, keep=0))
    for name in ("checkpoints/step_00000012.eqx", "last.eqx", "model.eqx"):
        (run / name).unlink()
    assert data_map.read(run / "data_map.npz").steps.tolist() == [4, 8, 12]
    resume(run, config(checkpoint_every=6, keep=0))
    assert content(run) == content(whole)


@pytest.mark.slow
def test_the_end_of_a_run_that_goes_further_leaves_no_trace(tmp_path, data):
    run = tmp_path / "run"
    fit(data, run, config(steps=6))
    assert data_map.read(run / "data_map.npz").steps.tolist() == [4, 6]
    resume(run, config(steps=8))
    assert data_map.read(run / "data_map.npz").steps.tolist() == [4, 8]


def test_a_lost_map_begins_again_and_that_is_said(tmp_path, data, whole):
    dataset, meta = store.load(data), header.read_meta(whole / "last.eqx")
    path = tmp_path / "data_map.npz"

    def go_on():
        return DataMapRecorder(tmp_path, dataset, meta, config().train, 4)

    path.write_bytes(b"x")
    assert go_on().warnings[0].startswith("the data map begins at step 4")
    data_map.write(path, data_map.read(whole / "data_map.npz"))
    recorder = go_on()
    assert recorder.warnings == () and recorder.map.steps.tolist() == [4]
    other = data_map.empty(dataset, data_map.windows(dataset, 4, 3), 4, "other")
    data_map.write(path, other)
    recorder = go_on()
    assert "was of other windows" in recorder.warnings[0]
    assert recorder.map.steps.tolist() == []


def test_windows_are_mapped_without_a_validation_split(tmp_path):
    # The world as it is made has none.
    data = linear_world.write_world(tmp_path / "data.h5")
    fit(data, tmp_path / "run", config(steps=4))
    found = data_map.read(tmp_path / "run" / "data_map.npz")
    assert found.steps.tolist() == [4] and set(found.episodes.tolist()) == {0}


def test_no_map_unless_it_was_asked_for(tmp_path, data):
    fit(data, tmp_path / "run", config(steps=4, data_map=False))
    assert not (tmp_path / "run" / "data_map.npz").exists()
    with pytest.raises(ConfigError, match="edmdc is fitted in one go"):
        RunConfig(
            model=ModelConfig(kind=ModelKind.EDMDC), train=TrainConfig(data_map=True)
        )
