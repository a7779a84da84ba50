import dataclasses

import h5py
import numpy as np
import pytest
from good_episode import GOOD

from koopcli.data.writer import DatasetWriter
from koopcli.errors import DataError

SPLITS = {"train": np.array([0]), "val": np.array([], int), "test": np.array([1])}


def test_columns_offsets_and_statistics_by_hand(tmp_path):
    path = tmp_path / "d.h5"
    first = dataclasses.replace(GOOD, observations=np.arange(8.0).reshape(4, 2))
    second = dataclasses.replace(GOOD, observations=np.full((3, 2), 9.0))
    with DatasetWriter(path) as writer:
        writer.add(first)
        writer.add(second)
        statistics = writer.finish(SPLITS)
        writer.annotate({"dt": 0.5, "names": ["a"]})
    assert statistics["observations"].mean.tolist() == [3.0, 4.0]
    with h5py.File(path) as file:
        assert file["observations"].shape == (7, 2) and file["rewards"].shape == (6,)
        assert file["episodes/observation_start"][()].tolist() == [0, 4]
        assert file["episodes/step_start"][()].tolist() == [0, 3]
        assert file["episodes/last_observation_known"][()].tolist() == [True, False]
        assert file["observations"].chunks is not None
        assert file["observations"].compression == "gzip"
        assert file["statistics/actions/constant"][()].tolist() == [0]
        assert file.attrs["dt"] == 0.5 and file.attrs["names"] == '["a"]'


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rewards": None}, "some episodes have rewards and some have none"),
        ({"actions": np.zeros((3, 2))}, "actions have 2 columns, those of .* have 1"),
        ({"rewards": np.zeros(1)}, "1 rewards for 3 actions"),
    ],
)
def test_episodes_that_do_not_belong_together_are_refused(tmp_path, changes, message):
    with DatasetWriter(tmp_path / "d.h5") as writer:
        writer.add(GOOD)
        with pytest.raises(DataError, match=message):
            writer.add(dataclasses.replace(GOOD, **changes))


@pytest.mark.parametrize("waiting", [1, 100, 10**6])
def test_how_many_episodes_are_written_at_once_does_not_matter(
    tmp_path, monkeypatch, waiting
):
    monkeypatch.setattr("koopcli.data.writer.WAITING_BYTES", waiting)
    rows = np.arange(40.0).reshape(5, 4, 2)
    with DatasetWriter(tmp_path / "d.h5") as writer:
        for part in rows:
            writer.add(dataclasses.replace(GOOD, observations=part))
        writer.finish(SPLITS)
    with h5py.File(tmp_path / "d.h5") as file:
        assert np.array_equal(file["observations"], rows.reshape(20, 2))
        assert file["rewards"].shape == (15,)
