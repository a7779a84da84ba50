import h5py
import numpy as np
import pytest
from linear_world import world, write_world

from koopcli.doctor import dataset_file, finite
from koopcli.errors import DataError


@pytest.fixture
def path(tmp_path):
    return write_world(tmp_path / "d.h5")


def test_episodes_come_back_with_their_splits(path):
    assert dataset_file.detect(path)
    view = dataset_file.open_dataset(path, 10)
    dataset, episodes = world(), list(view.episodes())
    assert [episode.length for episode in episodes] == [30, 20, 25]
    assert [episode.split for episode in episodes] == ["train", "test", "test"]
    joined = np.concatenate([episode.observations for episode in episodes])
    assert np.array_equal(joined, dataset.observations)
    assert np.array_equal(episodes[1].actions, dataset.actions[30:50])
    assert view.observation_names == ("x", "y", "one") and view.dt_known
    assert view.is_dataset and view.lines() == []


def test_without_rewards_and_last_observations(tmp_path):
    path = write_world(tmp_path / "d.h5", world(rewards=False, last_known=False))
    [first, *_] = dataset_file.open_dataset(path, 10).episodes()
    assert first.rewards is None and not first.last_observation_known


def test_nan_is_found_where_training_refuses_the_file(path):
    with h5py.File(path, "r+") as file:
        file["observations"][31 + 5, 1] = np.nan
    [found] = finite.check(dataset_file.open_dataset(path, 10))
    assert str(found.places[0]) == "episode 1, step 5, column y"


def test_other_files(tmp_path):
    (tmp_path / "x.h5").write_bytes(b"no")
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["observations"] = np.zeros(3)
    assert not any(
        dataset_file.detect(tmp_path / name) for name in ("x.h5", "y.h5", "")
    )


def test_another_version(path):
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 99
    with pytest.raises(DataError, match="version 99"):
        dataset_file.open_dataset(path, 10)


def test_columns_that_do_not_fit_the_episode_table(path):
    with h5py.File(path, "r+") as file:
        file["episodes/length"][2] = 26
    with pytest.raises(DataError, match="disagree"):
        list(dataset_file.open_dataset(path, 10).episodes())


def test_a_damaged_file(path):
    with h5py.File(path, "r+") as file:
        del file["actions"]
    with pytest.raises(DataError, match="damaged"):
        list(dataset_file.open_dataset(path, 10).episodes())
    with h5py.File(path, "r+") as file:
        del file.attrs["provenance"]
    with pytest.raises(DataError, match="damaged"):
        dataset_file.open_dataset(path, 10)
