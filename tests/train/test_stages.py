import dataclasses
import os
import signal

import equinox as eqx
import jax
import jax.numpy as jnp
import linear_world
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.errors import InterruptedRunError
from koopcli.model import checkpoint
from koopcli.train import optimizer, stages
from koopcli.train.batches import DeviceData, sampling_key
from koopcli.train.fit import fit, initial_model, resume
from koopcli.train.progress import dispatch_lengths
from koopcli.train.step import initial_state, make_dispatch

SMALL = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, reward_width=4, reencode_every=2
)
TRAIN = TrainConfig(
    steps=10, batch_size=2, horizon=10, dispatch_steps=4, eval_every=5, grow=True
)


@pytest.fixture(autouse=True)
def also_short_windows_grow(monkeypatch):
    monkeypatch.setattr(stages, "SHORTEST", 10)


def test_many_short_windows_come_first_and_those_asked_for_last():
    config = TrainConfig(steps=1000, batch_size=32, horizon=100)
    seen = {
        step: (w.horizon, w.batch_size)
        for step in (0, 249, 250, 499, 500, 999, 2000)
        for w in [stages.windows(config, step)]
    }
    assert seen == {
        **{0: (20, 160), 249: (20, 160), 250: (50, 64), 499: (50, 64)},
        **{500: (100, 32), 999: (100, 32), 2000: (100, 32)},
    }
    assert [stages.end(config, step) for step in (0, 249, 250, 500, 1000)] == [
        *(250, 250, 500, 1000, 1000)
    ]
    assert [w.horizon for w in stages.each(config)] == [20, 50, 100]
    assert stages.at(RunConfig(train=config), 300).train.horizon == 50
    said = "160 of 20 steps, then 64 of 50 steps, then 32 of 100 steps"
    assert said in stages.in_words(config)


def test_short_windows_stay_as_they_are_and_so_do_all_if_asked(monkeypatch):
    monkeypatch.undo()
    for config in (TrainConfig(horizon=99), TrainConfig(horizon=100, grow=False)):
        assert stages.each(config) == [config] == [stages.windows(config, 0)]
        assert stages.end(config, 5) == config.steps


def test_a_stage_without_a_step_is_none():
    assert [w.horizon for w in stages.each(dataclasses.replace(TRAIN, steps=1))] == [10]
    assert [w.horizon for w in stages.each(dataclasses.replace(TRAIN, steps=2))] == [
        *(5, 10)
    ]


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 90), st.integers(10, 80))
def test_no_call_spans_two_stages_and_none_is_left_out(steps, calls, every, horizon):
    config = TrainConfig(
        steps=steps, dispatch_steps=calls, eval_every=every, horizon=horizon
    )
    done, seen = 0, []
    for count in dispatch_lengths(config):
        first, last = (
            stages.windows(config, step) for step in (done, done + count - 1)
        )
        assert first == last and 1 <= first.horizon <= horizon
        seen += [first] if not seen or seen[-1] != first else []
        done += count
    assert done == steps and seen == stages.each(config)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)


def test_a_run_takes_the_steps_of_each_stage_also_if_it_was_stopped(tmp_path, data):
    def stop(record):
        if record.step == 9:  # in the middle of a stage
            os.kill(os.getpid(), signal.SIGTERM)

    config, told = RunConfig(model=SMALL, train=TRAIN), []
    with pytest.raises(InterruptedRunError):
        fit(data, tmp_path / "run", config, report=stop, tell=told.append)
    assert told == [stages.in_words(TRAIN)]
    resume(tmp_path / "run", config)
    dataset = store.load(data)
    model = initial_model(dataset, config)
    parameters, frozen = eqx.partition(model, optimizer.trainable(model))
    state = initial_state(parameters, config)
    chosen = DeviceData(dataset, starts(dataset, "train"))
    for count, horizon, batch in ((2, 2, 10), (3, 5, 4), (5, 10, 2)):
        stage = dataclasses.replace(
            TRAIN, horizon=horizon, batch_size=batch, grow=False
        )
        dispatch = make_dispatch(dataclasses.replace(config, train=stage))
        state, _ = dispatch(state, frozen, chosen, sampling_key(0), jnp.int32(count))
    found = checkpoint.load(tmp_path / "run" / "last.eqx").model
    expected = eqx.combine(state.parameters, frozen)
    pairs = zip(*map(jax.tree.leaves, (found, expected)), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)
