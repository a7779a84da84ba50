"""How many gradient steps fit into a given time.

The learning-rate schedule needs the number of steps beforehand, so a budget of time is
turned into steps by measuring. What counts is training alone: drawing the batch, the
gradient, the update, and fetching the losses once per call of the device. Compilation,
loading, validation and writing files do not count: they say little about a model and
weigh the more the shorter the run.
"""

import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from koopcli.config.training import RunConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import start_table, starts
from koopcli.train import optimizer, streaming
from koopcli.train.batches import DeviceData
from koopcli.train.fit import initial_model
from koopcli.train.step import TrainState, initial_state, make_dispatch

CALLS = 5
"""Calls of the device that are timed; the fastest counts."""
PART = 1024
"""Starts that are timed where the data is larger than the memory budget: streaming keeps
the device as busy, and the time of a step does not depend on which windows it sees."""
SHARE = 0.1
"""Share of the budget that timing may take."""


def steps_for(seconds: float, dataset_path: Path, config: RunConfig) -> int:
    """Return how many steps of `config` take `seconds`, at least 1.

    Args:
        seconds: Budget of training time, without compilation and validation.
        dataset_path: File that `koopcli ingest` wrote.
        config: The run; its `train.steps` does not matter.

    Raises:
        DataError: The dataset cannot be used.
    """
    each = seconds_per_step(dataset_path, config, limit=SHARE * seconds)
    return max(1, int(seconds / each))


def seconds_per_step(dataset_path: Path, config: RunConfig, *, limit: float) -> float:
    """Time `CALLS` calls of up to `train.dispatch_steps` steps; the fastest counts.

    The fastest, since whatever else the machine does can only add time. The calls are
    so short that all take about `limit` seconds, and at least one step each.
    """
    dataset = streaming.load(dataset_path, config.train)
    data = _data(dataset, config)
    model = initial_model(dataset, config)
    parameters, frozen = eqx.partition(model, optimizer.trainable(model))
    state = initial_state(parameters, config)
    dispatch = make_dispatch(config)
    key = jax.random.key(config.train.seed)

    def call(state: TrainState, count: int) -> tuple[TrainState, float]:
        started = time.monotonic()
        state, sums = dispatch(state, frozen, data, key, jnp.int32(count))
        jax.device_get(sums)
        return state, max(time.monotonic() - started, 1e-9) / count

    # The number of steps is a run-time value: one step compiles what all calls use.
    state, _ = call(state, 1)
    state, first = call(state, 1)
    count = max(1, min(config.train.dispatch_steps, int(limit / CALLS / first)))
    times: list[float] = []
    for _ in range(CALLS):
        state, each = call(state, count)
        times.append(each)
    return min(times)


def _data(dataset: Dataset, config: RunConfig) -> DeviceData:
    if streaming.fits(dataset, config.train):
        return DeviceData(dataset, starts(dataset, "train"))
    table = start_table(dataset, "train")
    return DeviceData(
        dataset, table.at(np.arange(min(PART, len(table)))), config.train.horizon
    )
