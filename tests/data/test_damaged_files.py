"""Damage at random in every format: success or a message, never less.

The kinds of damage are seeded, so a failure can be repeated by its number.
"""

import shutil
import signal
import warnings
from contextlib import contextmanager

import h5py
import numpy as np
import pyarrow as pa
import pytest
from d4rl_file import write_d4rl
from damage import damage, damage_columns
from matlab_v73 import write_v73
from pyarrow import parquet
from random_episodes import flat, random_episodes
from scipy.io import savemat

from koopcli.config.data import IngestConfig
from koopcli.data import matlab5, matlab_file, npz_arrays, readers
from koopcli.data.ingest import ingest
from koopcli.errors import DataError

EPISODES = random_episodes((6, 9, 4))
COLUMNS = flat(EPISODES)
FEW, MANY = 20, 220
SECONDS = 20
"""What one damaged file may take; undamaged ones take some milliseconds."""


def write_robomimic(path):
    with h5py.File(path, "w") as file:
        for i, (observations, actions, _) in enumerate(EPISODES):
            file[f"data/demo_{i}/obs/a"] = observations[:-1]
            file[f"data/demo_{i}/next_obs/a"] = observations[1:]
            file[f"data/demo_{i}/actions"] = actions
        file["data"].attrs["env_args"] = '{"env_name": "Lift", "type": 1}'


def write_csv(path, columns=COLUMNS):
    parts = [np.asarray(columns[name]) for name in ("obs", "action") if name in columns]
    rows = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
    np.savetxt(path, rows[:7], "%s", delimiter=",", header="y0,y1,u0", comments="")


def write_parquet(path, columns=COLUMNS):
    columns = {name: values.tolist() for name, values in columns.items()}
    parquet.write_table(pa.table(columns), path)


def write_lerobot(folder):
    columns = flat(EPISODES, complete=False)
    names = {"obs": "observation.state", "episode": "episode_index"}
    columns = {names.get(name, name): v.tolist() for name, v in columns.items()}
    (folder / "meta").mkdir(parents=True)
    (folder / "data/chunk-000").mkdir(parents=True)
    (folder / "meta/info.json").write_text(
        '{"fps": 50, "features": {"observation.state": {"shape": [2], "names": null}}}'
    )
    parquet.write_table(pa.table(columns), folder / "data/chunk-000/file-000.parquet")


def write_minari(storage):
    def write(folder):
        from gymnasium import spaces
        from minari import create_dataset_from_buffers
        from minari.data_collector import EpisodeBuffer
        from minari.storage.datasets_root_dir import get_dataset_path

        box = spaces.Box(-np.inf, np.inf, (2,), np.float64)
        buffers = [
            EpisodeBuffer(
                observations={"a": observations, "b": observations},
                actions=actions,
                rewards=rewards.tolist(),
                terminations=[False] * len(actions),
                truncations=[False] * (len(actions) - 1) + [True],
            )
            for observations, actions, rewards in EPISODES
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about authors and permalinks
            create_dataset_from_buffers(
                "test/damaged-v0",
                buffers,
                observation_space=spaces.Dict({"a": box, "b": box}),
                action_space=spaces.Box(-np.inf, np.inf, (1,), np.float64),
                data_format=storage,
            )
        shutil.move(get_dataset_path("test/damaged-v0"), folder)

    return write


TABLES = {
    "x.npz": lambda path, columns=COLUMNS: np.savez(path, **columns),
    "x.csv": write_csv,
    "x.parquet": write_parquet,
    "x5.mat": lambda path, columns=COLUMNS: savemat(path, columns, do_compression=True),
    "x73.mat": lambda path, columns=COLUMNS: write_v73(path, columns),
}
WRITERS = {
    **TABLES,
    "x.hdf5": write_robomimic,
    "d4rl.hdf5": write_d4rl,
    "lerobot": write_lerobot,
    "minari-hdf5": write_minari("hdf5"),
    "minari-arrow": write_minari("arrow"),
}


def test_every_format_is_among_them_and_the_numbers_are_as_promised(tmp_path):
    found = set()
    for name, write in WRITERS.items():
        write(tmp_path / name)
        report = ingest(
            [str(tmp_path / name)], tmp_path / "o.h5", IngestConfig(), overwrite=True
        )
        found |= set(report.formats)
    assert found == set(readers.names())
    assert len(WRITERS) * FEW >= 200 and len(WRITERS) * MANY >= 2000


@contextmanager
def within(seconds):
    """Raise in the middle of what takes longer: a hang is a failure too."""

    def stop(number, frame):
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def spoil(name, path, original, rng):
    """Put a damaged copy of `original` at `path`."""
    if path.is_dir():
        shutil.rmtree(path)
        shutil.copytree(original, path)
        files = sorted(file for file in path.rglob("*") if file.is_file())
        damage(files[rng.integers(len(files))], rng)
        return
    shutil.copy(original, path)
    if name in TABLES and rng.random() < 0.3:
        try:
            TABLES[name](path, damage_columns(COLUMNS, rng))
            return
        except (ValueError, TypeError, pa.ArrowInvalid, IndexError):
            shutil.copy(original, path)  # the writer refuses this one
    damage(path, rng)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "files", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_damage_ends_in_success_or_a_message(tmp_path, name, files):
    original, place = tmp_path / "original", tmp_path / "place"
    original.mkdir()
    place.mkdir()
    WRITERS[name](original / name)
    WRITERS[name](place / name)
    path, out = place / name, place / "o.h5"
    for number in range(files):
        spoil(name, path, original / name, np.random.default_rng(number))
        with warnings.catch_warnings(), within(SECONDS):
            warnings.simplefilter("ignore")  # numbers beyond any range
            try:
                ingest([str(path)], out, IngestConfig(), overwrite=True)
                out.unlink()
            except DataError as error:
                assert name in str(error), number
            except Exception as error:
                raise AssertionError(f"{name}: file {number}") from error
        assert [p.name for p in place.iterdir()] == [name], number


@pytest.mark.parametrize("name", ["x.npz", "x5.mat", "x73.mat"])
@pytest.mark.parametrize(
    "files", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_so_does_damage_of_what_stays_on_disk(tmp_path, monkeypatch, name, files):
    monkeypatch.setattr(npz_arrays, "HELD", 0)
    monkeypatch.setattr(matlab5, "HELD", 0)
    monkeypatch.setattr(matlab5, "SMALL", 0)
    monkeypatch.setattr(matlab_file, "HELD", 0)
    test_damage_ends_in_success_or_a_message(tmp_path, name, files)
