"""Trains on one and on four virtual devices; a process of its own, since JAX counts once.

`python sharded_runs.py FOLDER DATA [long]` prints one JSON document: see `main`.
"""

import dataclasses
import json
import os
import re
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from unittest import mock

import equinox as eqx
import jax
import numpy as np

from koopcli.config.choices import Method, ModelKind, Remat, Stability, Unroll
from koopcli.config.model import ModelConfig
from koopcli.config.training import (
    LossConfig,
    OptimizerConfig,
    RunConfig,
    TrainConfig,
)
from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.errors import InterruptedRunError
from koopcli.model import checkpoint
from koopcli.train import optimizer, remat, sharding
from koopcli.train.batches import DeviceData, sample
from koopcli.train.fit import fit, initial_model, resume
from koopcli.train.step import _gradient

KOOPMAN = ModelConfig(
    latent_dim=4,
    encoder_width=8,
    decoder_width=8,
    action_width=4,
    reencode_every=0,
    stability=Stability.SOFT,
    rollout_every=0,
)
# 10 validation windows: a rest that four devices cannot share out equally.
TRAIN = TrainConfig(
    steps=8,
    batch_size=8,
    horizon=5,
    dispatch_steps=4,
    eval_every=4,
    val_windows=10,
)
# Muon makes small singular values large, and with them the rounding of sums, which here is
# all that may differ.
ADAMW = OptimizerConfig(method=Method.ADAMW)
CONFIG = RunConfig(model=KOOPMAN, optimizer=ADAMW, train=TRAIN)
KFC = ModelConfig(kind=ModelKind.KFC, latent_dim=4, width=8, reencode_every=0)
NOISY = LossConfig(noise=0.5, one_step=0.0)


def with_train(**settings):
    return dataclasses.replace(CONFIG, train=dataclasses.replace(TRAIN, **settings))


def trained(run, data, settings, tell=None):
    fit(data, run, settings, tell=tell or (lambda _: None))
    return run


def stopped_then_resumed(run, data):
    """Stop a run on four devices at step 4, and go on with it on one."""

    def stop(record):
        os.kill(os.getpid(), signal.SIGTERM)

    with suppress(InterruptedRunError):
        fit(data, run, CONFIG, report=stop)
    resume(run, with_train(num_devices=1))
    return run


def difference(run, other):
    """Largest difference of a parameter, and largest relative one of a measured number."""
    models = [checkpoint.load(folder / "last.eqx").model for folder in (run, other)]
    leaves = zip(*map(jax.tree.leaves, models), strict=True)
    rows = [
        [
            json.loads(line)
            for line in (folder / "metrics.jsonl").read_text().splitlines()
        ]
        for folder in (run, other)
    ]
    assert len(rows[0]) == len(rows[1]) > 0
    numbers = [
        abs(row[name] / other[name] - 1)
        for row, other in zip(*rows, strict=True)
        for name in row
        if name.startswith(("train_", "val_")) and other[name]
    ]
    return {
        "parameters": max(float(np.abs(a - b).max()) for a, b in leaves),
        "numbers": max(numbers),
    }


def sliced(data):
    """A gradient on four devices, each of which has too little memory for its windows."""
    with (
        mock.patch.object(remat, "FEW", 0),
        mock.patch("koopcli.device.memory", lambda: 1),
    ):
        return gradients(data, KFC, NOISY, Remat.AUTO)


def gradients(data, model, loss, slicing=Remat.NEVER):
    """Compare a gradient on four devices with that on one; list what is sent for it."""
    whole = dataclasses.replace(CONFIG, model=model, loss=loss)
    config = dataclasses.replace(whole, train=dataclasses.replace(TRAIN, remat=slicing))
    dataset = store.load(data)
    network = initial_model(dataset, config)
    parameters, frozen = eqx.partition(network, optimizer.trainable(network))
    key = jax.random.key(3)
    windows = DeviceData(dataset, starts(dataset, "train"))
    batch = sample(windows, key, batch_size=8, horizon=5)
    errors = jax.numpy.linspace(0.1, 1, 5)
    expected = jax.jit(partial(_gradient, config=whole))(
        batch, parameters, frozen, key, errors
    )
    compute = partial(_gradient, config=config)
    mesh = sharding.choose(config, lambda _: None)
    others = sharding.replicate((parameters, frozen, key, errors), mesh)
    program = jax.jit(sharding.spread(compute, mesh)).lower(batch, *others).compile()
    pairs = zip(*map(jax.tree.leaves, (program(batch, *others), expected)), strict=True)
    return {
        "difference": max(float(np.abs(np.asarray(a) - b).max()) for a, b in pairs),
        "sent": re.findall(
            r" (all-\w+|collective-\w+|reduce-scatter)\(", program.as_text()
        ),
    }


def main(folder, data, *, long):
    """Print differences from one device: of runs, of a resumed one, and of gradients."""
    said = []
    one = trained(folder / "one", data, with_train(num_devices=1))
    four = trained(folder / "four", data, CONFIG, said.append)
    document = {
        "devices": jax.local_device_count(),
        "four": difference(four, one),
        "recorded": json.loads((four / "environment.json").read_text())["device_count"],
        "sliced": sliced(data),
    }
    if long:
        # Less than the data, more than the windows of four calls.
        small = with_train(memory_budget=16_000, data_map=True)
        streamed = trained(folder / "streamed", data, small, said.append)
        document["streamed"] = difference(streamed, one)
        document["data_map"] = (streamed / "data_map.npz").is_file()
        resumed = stopped_then_resumed(folder / "resumed", data)
        document["resumed"] = difference(resumed, one)
        conv = dataclasses.replace(KOOPMAN, unroll=Unroll.CONV, reencode_every=2)
        document["conv"] = gradients(data, conv, LossConfig())
        document["kfc"] = gradients(data, KFC, NOISY)
    sys.stdout.write(json.dumps({**document, "said": said}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), long="long" in sys.argv)
