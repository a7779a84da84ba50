"""Time per gradient step on several devices or processes: the figures of docs/scaling.md.

    python tests/benchmarks/scaling.py DATA BATCH [HOST:PORT PROCESSES ID]

Virtual devices: XLA_FLAGS=--xla_force_host_platform_device_count=4. Real processes: one
command each, with their own ID, each kept to a core of its own with `taskset -c ID`.
"""

import dataclasses
import json
import re
import sys
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp

CALLS, STEPS = 12, 5

if len(sys.argv) > 3:
    where, processes, number = sys.argv[3:]
    jax.distributed.initialize(where, int(processes), int(number))

from koopcli.config.training import RunConfig, TrainConfig  # noqa: E402
from koopcli.data import store  # noqa: E402
from koopcli.data.windows import starts  # noqa: E402
from koopcli.train import optimizer, sharding  # noqa: E402
from koopcli.train.batches import DeviceData, sampling_key  # noqa: E402
from koopcli.train.fit import initial_model  # noqa: E402
from koopcli.train.step import initial_state, make_dispatch  # noqa: E402

train = TrainConfig(batch_size=int(sys.argv[2]), dispatch_steps=STEPS)
config = RunConfig(train=train)
dataset = store.load(Path(sys.argv[1]))
model = initial_model(dataset, config)
config = dataclasses.replace(config, model=model.config)
mesh = sharding.choose(config, lambda said: print(said, file=sys.stderr))
parameters, frozen = eqx.partition(model, optimizer.trainable(model))
state, frozen, key, data = sharding.replicate(
    (
        initial_state(parameters, config),
        frozen,
        sampling_key(train.seed),
        DeviceData(dataset, starts(dataset, "train")),
    ),
    mesh,
)
dispatch = jax.jit(make_dispatch(config, mesh), donate_argnums=0)
program = dispatch.lower(state, frozen, data, key, jnp.int32(STEPS)).compile()
wall, processor = [], []
for _ in range(CALLS):
    began, used = time.perf_counter(), time.process_time()
    state, record = dispatch(state, frozen, data, key, jnp.int32(STEPS))
    jax.device_get(record.means)
    wall.append((time.perf_counter() - began) / STEPS)
    processor.append((time.process_time() - used) / STEPS)
sent = re.findall(r" (all-\w+|collective-\w+|reduce-scatter)\(", program.as_text())
if jax.process_index() == 0:
    found = {
        "devices": 1 if mesh is None else mesh.size,
        "processes": jax.process_count(),
        "batch_size": train.batch_size,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(parameters)),
        "gradient_arrays": len(jax.tree.leaves(parameters)),
        "ms_per_step_best": round(1000 * min(wall[1:]), 1),
        "processor_ms_per_step_best": round(1000 * min(processor[1:]), 1),
        "sent_per_step": sent,
    }
    print(json.dumps(found))
