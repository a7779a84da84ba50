import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.split import by_group, by_name, k_fold, split
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


@given(
    episodes=st.integers(2, 60),
    folds=st.integers(2, 6),
    val=st.floats(0, 0.5),
    seed=st.integers(0, 99),
)
def test_every_episode_is_tested_on_in_exactly_one_fold(episodes, folds, val, seed):
    if episodes < folds:
        with pytest.raises(DataError, match=f"{folds} folds need"):
            k_fold(episodes, folds, 0, val, seed)
        return
    parts = [k_fold(episodes, folds, fold, val, seed) for fold in range(folds)]
    tested = np.concatenate([part["test"] for part in parts])
    assert sorted(tested.tolist()) == list(range(episodes))
    for part in parts:
        together = np.concatenate(list(part.values()))
        assert sorted(together.tolist()) == list(range(episodes))
        assert len(part["train"]) >= 1


def test_groups_stay_together():
    groups = ["a", "b", "a", "c", "b"]
    parts = by_group(groups, lambda count: split(count, 0.3, 0.3, 0))
    for part in parts.values():
        names = {groups[i] for i in part}
        assert len(part) == sum(g in names for g in groups) and len(names) == 1


def test_beside_other_episodes_for_training_none_is_needed():
    parts = by_name(["test", "val"], trained=True)
    assert {name: part.tolist() for name, part in parts.items()} == {
        "train": [],
        "val": [1],
        "test": [0],
    }
