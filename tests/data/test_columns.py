import h5py
import linear_world
import numpy as np
import pytest

from koopcli.data import columns, store
from koopcli.data.columns import Column, blocks
from koopcli.data.windows import starts
from koopcli.errors import DataError
from koopcli.evaluate import baselines, rollouts


@pytest.fixture
def path(tmp_path):
    return linear_world.write_world(tmp_path / "d.h5")


@pytest.fixture
def pair(path):
    """The same file in memory, and on disk."""
    return store.load(path), store.load(path, held=0)


def test_rows_are_those_of_the_array(pair):
    held, lazy = pair
    rows = np.random.default_rng(0).integers(0, 78, (7, 5))
    for name in ("observations", "actions", "rewards", "terminations"):
        array, column = getattr(held, name), getattr(lazy, name)
        assert isinstance(column, Column) and isinstance(array, np.ndarray)
        assert len(column) == len(array) and column.shape == array.shape
        index = rows % len(array)
        assert np.array_equal(column[index], array[index])
        assert np.array_equal(column[3:9], array[3:9])
        assert column[index].dtype == array.dtype
    assert lazy.observations[np.zeros((0, 2), int)].shape == (0, 2, 3)
    assert lazy.truncations.sum() == held.truncations.sum()


def test_rows_far_apart_are_read_apart(pair, monkeypatch):
    monkeypatch.setattr(columns, "GAP", 1)
    rows = np.array([70, 3, 3, 4, 40])
    assert np.array_equal(pair[1].observations[rows], pair[0].observations[rows])


def test_a_dataset_without_actions(tmp_path):
    file = linear_world.write_world(tmp_path / "d.h5", linear_world.world(actions=0))
    lazy = store.load(file, held=0)
    assert lazy.actions[np.array([[2, 5]])].shape == (1, 2, 0)


def test_blocks_are_bounded_and_complete(monkeypatch):
    monkeypatch.setattr(columns, "BLOCK_BYTES", 50)
    found = list(blocks(np.zeros((10, 3), np.float32)))
    assert found == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert list(blocks(np.zeros((2, 100)))) == [slice(0, 1), slice(1, 2)]


def test_damage_is_found_without_holding_the_file(path):
    with h5py.File(path, "r+") as file:
        file["rewards"][70] = np.nan
    with pytest.raises(DataError, match="NaN or infinite"):
        store.load(path, held=0)


def test_a_file_that_goes_away_or_changes_is_an_error(path, pair):
    with h5py.File(path, "r+") as file:
        del file["actions"]
        file["actions"] = np.zeros((3, 1))
    with pytest.raises(DataError, match="actions cannot be read any more"):
        pair[1].actions[:2]
    path.unlink()
    with pytest.raises(DataError, match=r"d\.h5: observations cannot be read any more"):
        pair[1].observations[:2]


def test_evaluation_sees_the_same(pair):
    held, lazy = pair
    windows = [rollouts.gather(d, starts(d, "test"), 9) for d in pair]
    for name in ("states", "actions", "truth", "rewards", "mask"):
        assert np.array_equal(*(getattr(window, name) for window in windows))
    weights = [baselines.fit_linear(dataset).weights for dataset in (held, lazy)]
    assert np.array_equal(*weights)
