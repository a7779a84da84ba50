"""Bytes changed at random in every table format: success or a message, never less.

The kinds of damage are seeded, so a failure can be repeated by its number.
"""

import warnings

import h5py
import numpy as np
import pyarrow as pa
import pytest
from d4rl_file import write_d4rl
from matlab_v73 import write_v73
from pyarrow import parquet
from random_episodes import flat, random_episodes
from scipy.io import savemat

from koopcli.config import IngestConfig
from koopcli.data.ingest import ingest
from koopcli.errors import DataError

EPISODES = random_episodes((6, 9, 4))
COLUMNS = flat(EPISODES)


def write_robomimic(path):
    with h5py.File(path, "w") as file:
        for i, (observations, actions, _) in enumerate(EPISODES):
            file[f"data/demo_{i}/obs/a"] = observations[:-1]
            file[f"data/demo_{i}/next_obs/a"] = observations[1:]
            file[f"data/demo_{i}/actions"] = actions


def write_csv(path):
    rows = np.concatenate([COLUMNS["obs"], COLUMNS["action"]], axis=1)
    np.savetxt(path, rows[:7], delimiter=",", header="y0,y1,u0", comments="")


WRITERS = {
    "x.npz": lambda path: np.savez(path, **COLUMNS),
    "x.csv": write_csv,
    "x.parquet": lambda path: parquet.write_table(
        pa.table({name: values.tolist() for name, values in COLUMNS.items()}), path
    ),
    "x5.mat": lambda path: savemat(path, COLUMNS, do_compression=True),
    "x73.mat": lambda path: write_v73(path, COLUMNS),
    "x.hdf5": write_robomimic,
    "d4rl.hdf5": write_d4rl,
}


def damaged(whole, rng):
    content = bytearray(whole)
    for place in rng.integers(0, len(content), rng.integers(1, 6)):
        content[place] = rng.choice([0, 255, rng.integers(256)])
    return bytes(
        content[: rng.integers(0, len(content)) if rng.random() < 0.2 else None]
    )


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "files", [30, pytest.param(300, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_damage_ends_in_success_or_a_message(tmp_path, request, name, files):
    if files > 30 and "slow" not in request.config.getoption("markexpr"):
        pytest.skip("the long form: pytest -m slow")
    path, out = tmp_path / name, tmp_path / "o.h5"
    WRITERS[name](path)
    whole = path.read_bytes()
    for number in range(files):
        path.write_bytes(damaged(whole, np.random.default_rng(number)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numbers beyond any range
            try:
                ingest([str(path)], out, IngestConfig(), overwrite=True)
                out.unlink()
            except DataError as error:
                assert name in str(error), number
        assert [p.name for p in tmp_path.iterdir()] == [name], number
