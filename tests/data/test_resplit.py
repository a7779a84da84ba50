import dataclasses

import h5py
import numpy as np
import pytest
from d4rl_file import write_d4rl

from koopcli.config.data import IngestConfig, SplitConfig
from koopcli.data import store
from koopcli.data.ingest import ingest
from koopcli.data.resplit import resplit, source_file
from koopcli.errors import DataError

ARRAYS = ("observations", "actions", "rewards", "terminations", "lengths")


@pytest.fixture
def data(tmp_path):
    for seed, name in enumerate("abc"):
        write_d4rl(tmp_path / f"{name}.hdf5", (12, 30, 14), seed=seed, terminal=(1,))
    sources = [str(tmp_path / f"{name}.hdf5") for name in "abc"]
    ingest(sources, tmp_path / "d.h5", IngestConfig(dt=0.1))
    return tmp_path / "d.h5"


def test_in_place_the_episodes_stay_and_the_statistics_follow(data):
    before = store.load(data)
    report = resplit(data, data, SplitConfig(test_fraction=0.4, seed=3), command="c")
    after = store.load(data)
    for name in ARRAYS:
        assert np.array_equal(getattr(after, name), getattr(before, name))
    for name in ("sources", "dt", "dt_known", "observation_names"):
        assert getattr(after, name) == getattr(before, name)
    assert report.episodes == {"train": 4, "val": 1, "test": 4}
    assert sum(report.steps.values()) == 3 * 56
    train = [
        after.observations[after.observation_starts[e] :][: after.lengths[e] + 1]
        for e in after.splits["train"]
    ]
    mean = np.concatenate(train).mean(axis=0, dtype=np.float64)
    assert np.allclose(after.statistics.observations.mean, mean)
    assert after.provenance["split"]["settings"]["test_fraction"] == 0.4
    assert after.provenance["split"]["command"] == "c"
    assert after.provenance["sha256"] == before.provenance["sha256"]
    assert [path.name for path in data.parent.glob("*d.*")] == ["d.h5"]


def test_the_same_split_twice_is_that_of_ingest(data, tmp_path):
    resplit(data, tmp_path / "o.h5", SplitConfig(seed=7))
    resplit(tmp_path / "o.h5", tmp_path / "o.h5", SplitConfig())
    found, expected = store.load(tmp_path / "o.h5"), store.load(data)
    for name, part in expected.splits.items():
        assert np.array_equal(found.splits[name], part)
    for part in dataclasses.fields(expected.statistics.observations):
        assert np.array_equal(
            getattr(found.statistics.observations, part.name),
            getattr(expected.statistics.observations, part.name),
        )


def test_episodes_of_a_file_stay_together(data):
    resplit(data, data, SplitConfig(by_source=True, kfold=3, fold=1, val_fraction=0.3))
    dataset = store.load(data)
    for part in dataset.splits.values():
        assert len({source_file(dataset.sources[e]) for e in part}) == 1
        assert len(part) == 3


def test_lists_decide_alone(data, tmp_path):
    (tmp_path / "l.toml").write_text('val = ["0:2"]\ntest = [8]')
    report = resplit(data, data, SplitConfig(), lists=tmp_path / "l.toml")
    assert report.episodes == {"train": 6, "val": 2, "test": 1}
    assert store.load(data).provenance["split"]["settings"] == {
        "lists": str(tmp_path / "l.toml")
    }


def test_empty_splits_are_said(data):
    resplit(data, data, SplitConfig(by_source=True))
    report = resplit(data, data, SplitConfig(val_fraction=0.01, test_fraction=0.0))
    assert report.episodes["test"] == 0 and report.warnings == ()
    few = SplitConfig(by_source=True, val_fraction=0.9, test_fraction=0.05)
    assert "too few episodes for a test split" in resplit(data, data, few).warnings[0]


def test_a_failure_leaves_the_file_as_it_was(data):
    before = data.read_bytes()
    with pytest.raises(DataError, match="10 folds need 10"):
        resplit(data, data, SplitConfig(kfold=10, fold=0))
    assert data.read_bytes() == before
    with h5py.File(data, "r+") as file:
        file["actions"][0] = np.nan
    with pytest.raises(DataError, match="damaged"):
        resplit(data, data.parent / "o.h5", SplitConfig())
    assert not (data.parent / "o.h5").exists()


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("a.hdf5: episode 3 (rows 0-9)", "a.hdf5"),
        ("a.npz, batch entry 3: episode 0 (rows 0-9)", "a.npz"),
        ("a.npz, rows 3-9: episode 0 (rows 0-9)", "a.npz"),
        ("a.mat, trial 3: episode 0 (rows 0-9)", "a.mat"),
        ("a.hdf5: demo_12", "a.hdf5"),
        ("door/human-v2: episode 0", "door/human-v2"),
    ],
)
def test_the_file_of_an_episode(source, file):
    assert source_file(source) == file
