import dataclasses
import json
import os
import signal
import threading

import jax
import jax.numpy as jnp
import linear_world
import numpy as np
import pytest
from memory_dataset import memory_dataset

from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import columns
from koopcli.data.windows import starts
from koopcli.errors import ConfigError, InterruptedRunError
from koopcli.model import checkpoint
from koopcli.train import stages, streaming
from koopcli.train.batches import DeviceData, sampling_key
from koopcli.train.fit import fit
from koopcli.train.progress import dispatch_lengths
from koopcli.train.scratch import Scratch
from koopcli.train.step import batch_at
from koopcli.train.streaming import StreamedData, training_data

SMALL = ModelConfig(
    latent_dim=3, encoder_width=4, decoder_width=4, action_width=4, reencode_every=0
)
TRAIN = TrainConfig(
    steps=8, batch_size=4, horizon=5, dispatch_steps=3, eval_every=4, memory_budget=9000
)
LONG = (300, 200, 250, 100)


def readers():
    return [t for t in threading.enumerate() if t.name.startswith("koopcli-reader")]


@pytest.fixture
def data(tmp_path):
    world = linear_world.world(LONG)
    world.splits.update(train=np.array([0, 3]), val=np.array([1]), test=np.array([2]))
    return linear_world.write_world(tmp_path / "data.h5", world)


GROWING = dataclasses.replace(TRAIN, horizon=10, batch_size=2, memory_budget=10_000)


@pytest.mark.parametrize("train", [TRAIN, GROWING])
@pytest.mark.parametrize(
    "shape",
    [{}, {"rewards": False, "action": 0}, {"known": (True, False, True, False)}],
)
def test_every_batch_is_bit_for_bit_that_of_the_device(
    tmp_path, monkeypatch, shape, train
):
    monkeypatch.setattr(streaming, "DRAWN", 4 * 5)  # draw anew in the middle of a call
    monkeypatch.setattr(stages, "SHORTEST", 10)
    dataset = memory_dataset(LONG, **shape)
    resident = DeviceData(dataset, starts(dataset, "train"))
    step, key, seen = 0, sampling_key(train.seed), set()
    with training_data(dataset, train, tmp_path) as calls:
        for count, data in zip(dispatch_lengths(train), calls, strict=True):
            assert isinstance(data, StreamedData)
            for _ in range(count):
                config = stages.at(RunConfig(train=train), step)
                pairs = [
                    batch_at(d, key, jnp.int32(step), config) for d in (resident, data)
                ]
                assert jax.tree.structure(pairs[0]) == jax.tree.structure(pairs[1])
                leaves = zip(*map(jax.tree.leaves, pairs), strict=True)
                assert all((a == b).all() for a, b in leaves)
                seen.add(pairs[1][0].states.shape[:2])
                step += 1
    assert step == train.steps and not readers()
    expected = {(6, 4)} if train is TRAIN else {(3, 10), (6, 4), (11, 2)}
    assert seen == expected


def test_a_streamed_run_is_the_run_in_memory(tmp_path, data, monkeypatch):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 500)
    told, records, models = [], [], []
    for name, budget in (("memory", None), ("disk", 9000)):
        config = RunConfig(
            model=SMALL, train=dataclasses.replace(TRAIN, memory_budget=budget)
        )
        fit(data, tmp_path / name, config, tell=told.append)
        lines = (tmp_path / name / "metrics.jsonl").read_text().splitlines()
        records.append([json.loads(line) for line in lines])
        models.append(checkpoint.load(tmp_path / name / "last.eqx").model)
    # The mean that is reported may be summed in another order by the compiler.
    for one, other in zip(*records, strict=True):
        assert one["skipped"] == other["skipped"] == ""
        for name in one.keys() - {"seconds", "steps_per_second", "skipped"}:
            assert one[name] == pytest.approx(other[name], rel=1e-6), name
    pairs = zip(*map(jax.tree.leaves, models), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)
    assert len(told) == 1 and "read from a scratch copy" in told[0]
    assert {p.name for p in (tmp_path / "disk").iterdir()} == {
        p.name for p in (tmp_path / "memory").iterdir()
    }


def test_what_fits_stays_on_the_device(tmp_path):
    dataset = memory_dataset(LONG)
    size = 4 * (854 * 2 + 850 * 2) + 12 * 500
    for budget, fits in ((size, True), (size - 1, False)):
        config = dataclasses.replace(TRAIN, memory_budget=budget)
        assert streaming.fits(dataset, config) == fits
    unset = dataclasses.replace(TRAIN, memory_budget=None)
    assert streaming.fits(dataset, unset)
    with training_data(dataset, unset, tmp_path) as calls:
        assert isinstance(next(calls), DeviceData) and next(calls) is next(calls)


def test_a_budget_below_the_windows_of_a_call_is_refused(tmp_path):
    tiny = dataclasses.replace(TRAIN, memory_budget=2000)
    with (
        pytest.raises(ConfigError, match=r"memory_budget: 0\.002 MB .* raise --memory"),
        training_data(memory_dataset(LONG), tiny, tmp_path),
    ):
        pass


def test_an_error_of_the_reader_reaches_the_caller_and_leaves_no_thread(
    tmp_path, monkeypatch
):
    def broken(self, rows, known, windows):
        raise OSError(5, "Input/output error", "scratch")

    monkeypatch.setattr(Scratch, "read", broken)
    with (
        pytest.raises(OSError, match="Input/output"),
        training_data(memory_dataset(LONG), TRAIN, tmp_path) as calls,
    ):
        next(calls)
    assert not readers()


def test_an_interrupt_leaves_no_thread_and_the_last_model(tmp_path, data):
    def stop(record):
        assert readers()
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(InterruptedRunError, match="SIGINT after step 3"):
        fit(data, tmp_path / "run", RunConfig(model=SMALL, train=TRAIN), report=stop)
    assert checkpoint.load(tmp_path / "run" / "last.eqx").meta.step == 3
    assert not readers()


def test_a_run_that_goes_on_sees_what_it_would_have_seen(tmp_path):
    dataset = memory_dataset(LONG)
    with training_data(dataset, TRAIN, tmp_path) as calls:
        *_, whole = calls
    with training_data(dataset, TRAIN, tmp_path, done=7) as calls:
        [last] = calls
    assert int(whole.first) == int(last.first) == 7
    assert (whole.rows == last.rows).all() and whole.rows[0].any()
