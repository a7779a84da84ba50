"""Trains one model on one pinned core, and prints its error by steps ahead.

On VALIDATION episodes, every third start that sees 100 steps, mean squared standardised
errors; one line of JSON for each interval of re-encoding (of training, and as chosen):

    taskset -c 0 python tests/benchmarks/error_by_step.py pendulum.h5
    taskset -c 0 python tests/benchmarks/error_by_step.py pendulum.h5 loss.balance=0
    taskset -c 0 python tests/benchmarks/error_by_step.py mix.h5 train.steps=3250
"""

import argparse
import json
import tempfile
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from koopcli import config_file
from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.model import checkpoint
from koopcli.train.batches import DeviceData, gather
from koopcli.train.fit import fit

HORIZON = 100
AHEAD = (1, 2, 5, 10, 20, 30, 60, 100)


def trained(data, settings):
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        fit(data, run, config_file.build(settings))
        return checkpoint.load(run / "model.eqx").model


def validation_batch(data):
    dataset = store.load(data)
    chosen = starts(dataset, "val")
    chosen = chosen.take(np.flatnonzero(chosen.remaining >= HORIZON)[::3])
    rows = DeviceData(dataset, chosen, HORIZON)
    return gather(rows, jnp.arange(len(chosen)), horizon=HORIZON)


def errors(model, batch, every):
    forecast = eqx.filter_jit(lambda m, s, a: m.forecast(s, a, reencode_every=every))(
        model, batch.states[0], batch.actions
    )
    each = np.asarray(jnp.mean((forecast.states - batch.states[1:]) ** 2, axis=2))
    return {
        "states": {k: float(f"{each[k - 1].mean():.3g}") for k in AHEAD},
        "median": {k: float(f"{np.median(each[k - 1]):.3g}") for k in AHEAD},
        "states_100": float(f"{each.mean():.4g}"),
        "rewards_100": float(
            f"{jnp.mean((forecast.rewards - batch.rewards) ** 2):.4g}"
        ),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("settings", nargs="*", metavar="SECTION.KEY=VALUE")
    asked = parser.parse_args()
    pairs = [text.split("=", 1) for text in asked.settings]
    settings = {
        "model.params": 300_000,
        "train.steps": 1200,
        **{name: config_file.convert(name, value, "settings") for name, value in pairs},
    }
    settings["train.eval_every"] = settings["train.steps"]
    model, batch = trained(asked.data, settings), validation_batch(asked.data)
    for every in sorted({model.config.reencode_every or 0, model.reencoding(None)}):
        head = {"data": asked.data.stem, "settings": asked.settings, "every": every}
        print(json.dumps(head | errors(model, batch, every)), flush=True)


if __name__ == "__main__":
    main()
