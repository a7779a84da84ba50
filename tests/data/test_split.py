import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.split import by_name, split
from koopcli.errors import DataError


@given(
    episodes=st.integers(1, 200),
    val=st.floats(0, 0.49),
    test=st.floats(0, 0.49),
    seed=st.integers(0, 2**31),
)
def test_every_episode_is_in_one_split_and_some_are_left_for_training(
    episodes, val, test, seed
):
    parts = split(episodes, val, test, seed)
    together = np.concatenate(list(parts.values()))
    assert sorted(together.tolist()) == list(range(episodes))
    assert len(parts["train"]) >= 1
    if episodes >= 3:
        assert (len(parts["val"]) > 0) == (val > 0)
        assert (len(parts["test"]) > 0) == (test > 0)
    again = split(episodes, val, test, seed)
    assert all(np.array_equal(parts[name], again[name]) for name in parts)


def test_sizes_by_hand():
    parts = split(60, 0.1, 0.2, seed=0)
    assert [len(parts[name]) for name in ("train", "val", "test")] == [42, 6, 12]


def test_another_seed_is_another_split():
    assert not np.array_equal(
        split(50, 0.2, 0.2, 0)["test"], split(50, 0.2, 0.2, 1)["test"]
    )


def test_owners_put_episodes_where_they_want_them():
    parts = by_name(["test", "train", "test"])
    assert {name: part.tolist() for name, part in parts.items()} == {
        "train": [1],
        "val": [],
        "test": [0, 2],
    }


def test_half_a_split_and_one_without_training_are_refused():
    with pytest.raises(DataError, match=r"1 of 2 episodes have no split .*episode 1"):
        by_name(["train", None])
    with pytest.raises(DataError, match="no episode is named for training"):
        by_name(["test", "val"])
