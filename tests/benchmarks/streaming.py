"""Training from disk against training from memory: steps per second, and peak memory.

python tests/benchmarks/streaming.py [--megabytes 1000] [--calls 12] [--folder /tmp]
    [--set KEY=VALUE ...]

Generates a dataset file of noise (17 observations, 6 actions, rewards; 1000 steps per
episode) and deletes it. Calls of the device take turns in one process: from memory, from
the scratch copy, and, for comparison, straight from the compressed file. Peak memory is
that of loading, of the validation windows and of the windows of 20 calls, in a process of
its own without a model: with the budget at a tenth of the data (40 MB at least) and
without one, above what it takes on a file of ten episodes.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from koopcli import config_file
from koopcli.data import store
from koopcli.data.episode import Episode
from koopcli.data.writer import DatasetWriter
from koopcli.train import optimizer, streaming
from koopcli.train.batches import sampling_key
from koopcli.train.fit import initial_model
from koopcli.train.scratch import Scratch
from koopcli.train.step import initial_state, make_dispatch

PEAK = """
import sys, jax
from pathlib import Path
from koopcli.config.training import TrainConfig
from koopcli.train import streaming
from koopcli.train.validation import make_validation
config = TrainConfig(memory_budget=int(sys.argv[3]))
dataset = streaming.load(Path(sys.argv[1]), config)
validate = make_validation(dataset, config.horizon, config.val_windows)
with streaming.training_data(dataset, config, Path(sys.argv[2])) as calls:
    for _ in range(20):
        jax.block_until_ready(next(calls))
# Not `ru_maxrss`, which begins at what the parent had.
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""

EPISODE, STATE, ACTION = 1000, 17, 6
ROW_BYTES = 4 * (STATE + ACTION + 1)


def generate(path: Path, episodes: int) -> None:
    """Write noise whose last digits compress about as badly as real data."""
    random = np.random.default_rng(0)
    ends = np.arange(EPISODE) == EPISODE - 1
    with DatasetWriter(path) as writer:
        for number in range(episodes):
            writer.add(
                Episode(
                    observations=random.standard_normal(
                        (EPISODE + 1, STATE), np.float32
                    ),
                    actions=random.standard_normal((EPISODE, ACTION), np.float32),
                    rewards=random.standard_normal(EPISODE, np.float32),
                    terminations=np.zeros(EPISODE, bool),
                    truncations=ends,
                    source=f"episode {number}",
                )
            )
        numbers = np.arange(episodes)
        held = max(1, episodes // 10)
        writer.finish(
            {"train": numbers[held:], "val": numbers[:held], "test": numbers[:0]}
        )
        writer.annotate(
            {
                "dt": 0.05,
                "dt_known": True,
                "observation_names": [f"y{i}" for i in range(STATE)],
                "action_names": [f"u{i}" for i in range(ACTION)],
                "provenance": {},
            }
        )


def unpack_windows(dataset: store.Dataset) -> Scratch:
    """Return what reads windows from the compressed file itself (values are not scaled)."""

    class Direct(Scratch):
        def read(self, rows, known, windows):
            points = windows.shape[1]
            steps = rows[:, None] + np.minimum(np.arange(points), known[:, None] - 1)
            windows[..., :STATE] = dataset.observations[steps]
            # Actions and rewards of about the same place: what counts is the time.
            near = np.minimum(steps, len(dataset.actions) - 1)
            windows[..., STATE:-1] = dataset.actions[near]
            windows[..., -1] = dataset.rewards[near]

    return Direct(None, STATE + ACTION + 1, dataset.path)


def rates(path: Path, folder: Path, config, calls: int) -> dict[str, list[float]]:
    """Return seconds of each call, by where its windows come from."""
    dataset = store.load(path, held=0)
    train = config.train
    model = initial_model(dataset, config)
    parameters, frozen = eqx.partition(model, optimizer.trainable(model))
    dispatch, key = make_dispatch(config), sampling_key(train.seed)
    budgets = {"memory": 10**15, "disk": 10**9}
    found: dict[str, list[float]] = {"memory": [], "disk": [], "compressed": []}
    small = streaming._Reader(dataset, unpack_windows(dataset), train)
    lengths = [train.dispatch_steps] * (train.steps // train.dispatch_steps)
    saved = streaming.fits
    streaming.fits = lambda dataset, train: train.memory_budget == budgets["memory"]
    states = {name: _state(parameters, config) for name in found}
    with (
        streaming.training_data(
            dataset, replace(train, memory_budget=budgets["memory"]), folder
        ) as memory,
        streaming.training_data(
            dataset, replace(train, memory_budget=budgets["disk"]), folder
        ) as disk,
        streaming.ThreadPoolExecutor(1) as pool,
    ):
        sources = {
            "memory": memory,
            "disk": disk,
            "compressed": streaming._ahead(pool, small, lengths),
        }
        for call in range(calls + 1):
            for name, source in sources.items():
                # Reading ahead only helps while the device is busy with the same run.
                repeats = 3 if name != "compressed" else 2
                began = time.perf_counter()
                for _ in range(repeats):
                    states[name], sums = dispatch(
                        states[name],
                        frozen,
                        next(source),
                        key,
                        jnp.int32(train.dispatch_steps),
                    )
                    jax.device_get(sums)
                if call:  # the first one compiles
                    found[name].append((time.perf_counter() - began) / repeats)
    streaming.fits = saved
    return found


def _state(parameters, config):
    return initial_state(jax.tree.map(jnp.copy, parameters), config)


def peak(data: Path, folder: Path, limit: int) -> float:
    """Return the peak megabytes of everything in training that concerns the data."""
    command = [sys.executable, "-c", PEAK, str(data), str(folder), str(limit)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024


def main() -> None:
    """Measure and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=12)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--set", action="append", default=[], dest="settings")
    options = parser.parse_args()
    # One program for all calls, whichever place they are from.
    values = {"train.steps": 10_000, "train.grow": False}
    for assignment in options.settings:
        name, text = assignment.split("=", 1)
        full = config_file.full_name(name, "--set")
        values[full] = config_file.convert(full, text, "--set")
    config = config_file.build(values)
    episodes = options.megabytes * 10**6 // ROW_BYTES // EPISODE
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        data, few = folder / "data.h5", folder / "few.h5"
        generate(data, episodes)
        generate(few, 10)
        found = rates(data, folder, config, options.calls)
        base = median(found["memory"])
        for name in ("disk", "compressed"):
            print(f"rate, {name} to memory: {base / median(found[name]):.3f}")
        least = peak(few, folder, 10**12)
        for limit in (max(options.megabytes * 10**5, 40 * 10**6), 10**12):
            used = peak(data, folder, limit)
            print(
                f"peak memory, budget {limit / 1e6:g} MB: {used - least:.0f} MB above "
                f"{least:.0f} (ten episodes)"
            )


if __name__ == "__main__":
    main()
