from dataclasses import replace

import numpy as np
import pytest
from memory_dataset import memory_dataset

from koopcli.data import data_map
from koopcli.errors import ModelError


def of(dataset, chosen):
    starts = chosen.step_rows - dataset.step_starts[chosen.episodes]
    return list(zip(chosen.episodes.tolist(), starts.tolist(), strict=True))


def test_windows_reach_from_the_first_to_the_last_whole_one_of_each_episode():
    dataset = memory_dataset((21, 6, 3, 9, 5))
    # 21 - 5 = 16 places in episode 0, one after 16 only if both ends are to be seen.
    chosen = data_map.windows(dataset, 5, 6)
    assert of(dataset, chosen) == [(0, 0), (0, 5), (0, 11), (0, 16), (1, 0), (2, 0)]
    assert chosen.remaining.tolist() == [21, 16, 10, 5, 6, 3]
    rows = chosen.observation_rows - dataset.observation_starts[chosen.episodes]
    assert rows.tolist() == [0, 5, 11, 16, 0, 0]


def test_every_window_is_taken_if_there_is_room():
    dataset = memory_dataset((6, 4, 9, 5))
    chosen = data_map.windows(dataset, 3, 100)
    assert of(dataset, chosen) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]


def test_of_more_episodes_than_windows_some_are_taken_spread_evenly():
    dataset = memory_dataset((5,) * 12)
    chosen = data_map.windows(dataset, 3, 4)
    assert of(dataset, chosen) == [(0, 0), (3, 0), (6, 0), (9, 0)]


def test_an_episode_without_a_known_step_has_no_window():
    dataset = memory_dataset((1, 4, 9, 5), known=(False, True, True, True))
    assert set(data_map.windows(dataset, 3, 9).episodes.tolist()) == {1}


@pytest.fixture
def made():
    dataset = memory_dataset()
    chosen = data_map.windows(dataset, 3, 4)
    empty = data_map.empty(dataset, chosen, 3, "abc")
    count = len(chosen)
    return empty.add(10, np.arange(float(count))).add(20, np.full(count, np.inf))


def test_a_map_is_read_back_as_it_was(tmp_path, made):
    data_map.write(tmp_path / "map.npz", made)
    found = data_map.read(tmp_path / "map.npz")
    assert found.same_windows(made)
    assert found.steps.tolist() == [10, 20]
    assert np.array_equal(found.errors, made.errors)
    assert found.dataset_sha256 == "abc" and found.lengths.tolist() == [3, 3, 3]
    # The same map is the same file: no date in it.
    data_map.write(tmp_path / "again.npz", found)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "map.npz").read_bytes()


def test_validations_can_be_left_out(made):
    kept = made.keep(made.steps < 15)
    assert kept.steps.tolist() == [10] and len(kept.errors) == 1
    assert not kept.same_windows(replace(kept, horizon=4))
    assert not kept.same_windows(replace(kept, starts=kept.starts + 1))


def test_damaged_and_foreign_files_are_refused(tmp_path, made):
    path = tmp_path / "map.npz"
    data_map.write(path, made)
    whole = path.read_bytes()
    for content in (b"", b"x", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="a damaged data map"):
            data_map.read(path)
    np.savez(path, version=1, **(vars(made) | {"starts": made.starts[:-1]}))
    with pytest.raises(ModelError, match="its parts differ in length"):
        data_map.read(path)
    np.savez(path, version=2)
    with pytest.raises(ModelError, match="data map version 2; this koopcli reads"):
        data_map.read(path)
