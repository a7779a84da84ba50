"""A `Dataset` straight from arrays, for tests of code that needs no file."""

from pathlib import Path

import numpy as np

from koopcli.data.statistics import Accumulator, Statistics
from koopcli.data.store import Dataset


def memory_dataset(lengths=(6, 4, 9, 5), *, known=None, rewards=True, action=1, seed=0):
    """Random episodes; episode e's observations lie near 100 e, so leaks are visible."""
    rng = np.random.default_rng(seed)
    lengths = np.array(lengths)
    known = np.ones(len(lengths), bool) if known is None else np.array(known)
    rows = lengths + known
    steps = int(lengths.sum())
    owner = np.repeat(np.arange(len(lengths)), rows)
    observations = rng.normal(size=(rows.sum(), 2)) + 100.0 * owner[:, None]
    columns = {
        "observations": observations.astype(np.float32),
        "actions": rng.normal(size=(steps, action)).astype(np.float32),
        "rewards": rng.normal(size=steps).astype(np.float32) if rewards else None,
    }
    numbers = np.arange(len(lengths))
    splits = {"train": numbers[:-2], "val": numbers[-2:-1], "test": numbers[-1:]}
    return Dataset(
        path=Path("memory.h5"),
        **columns,
        terminations=np.zeros(steps, bool),
        truncations=np.zeros(steps, bool),
        lengths=lengths,
        observation_starts=np.cumsum(rows) - rows,
        step_starts=np.cumsum(lengths) - lengths,
        last_observation_known=known,
        sources=tuple(f"episode {e}" for e in numbers),
        splits=splits,
        statistics=Statistics(
            observations=_statistics(columns["observations"]),
            actions=_statistics(columns["actions"]),
            rewards=_statistics(columns["rewards"][:, None]) if rewards else None,
        ),
        dt=0.1,
        dt_known=True,
        observation_names=("x", "y"),
        action_names=tuple(f"u{i}" for i in range(action)),
        provenance={},
    )


def _statistics(rows):
    accumulator = Accumulator(rows.shape[1])
    accumulator.add(rows)
    return accumulator.result()
