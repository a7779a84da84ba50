"""Do 1 000-step rollouts stay bounded, under logged and under random actions?

    python tests/benchmarks/bounded.py RUN DATA

Every tenth step of every test episode is a start. Logged actions are repeated where an
episode is shorter; random ones are uniform in the box of the training actions. Prints the
share of the rollouts that left the training range by ten ranges (the divergence rate of
`koopcli eval`), and how far the worst one went, in training ranges.
"""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from koopcli import run_dir
from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.model import checkpoint

HORIZON, BATCH = 1000, 128


def main(run, data):
    dataset = store.load(Path(data))
    model = checkpoint.load(run_dir.model_file(Path(run))).model
    ranges, box = dataset.statistics.observations, dataset.statistics.actions
    width = np.maximum(ranges.max - ranges.min, 1e-6)
    chosen = starts(dataset, "test", stride=10)
    rollout = jax.jit(jax.vmap(lambda s, a: model.rollout(s, a).states))
    random = np.random.default_rng(0)
    outside = {"logged": [], "random": []}
    for first in range(0, len(chosen), BATCH):
        part = chosen.take(np.arange(first, min(first + BATCH, len(chosen))))
        steps = np.arange(HORIZON) % part.remaining[:, None]
        actions = {
            "logged": dataset.actions[part.step_rows[:, None] + steps],
            "random": random.uniform(box.min, box.max, (*steps.shape, box.min.size)),
        }
        for name, value in actions.items():
            begin = jnp.asarray(dataset.observations[part.observation_rows])
            states = np.asarray(rollout(begin, jnp.asarray(value, jnp.float32)))
            beyond = np.maximum(states - ranges.max, ranges.min - states) / width
            outside[name] += np.nan_to_num(beyond, nan=np.inf).max(axis=(1, 2)).tolist()
    for name, values in outside.items():
        report = {
            "actions": name,
            "rollouts": len(values),
            "diverged": float(np.mean(np.array(values) > 10)),
            "worst_ranges_outside": max(values),
        }
        print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
