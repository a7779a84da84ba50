import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_dataset import memory_dataset

from koopcli.data.windows import start_table, starts
from koopcli.errors import DataError


def test_starts_by_hand():
    dataset = memory_dataset((3, 2, 4, 1), known=(True, False, True, True))
    found = starts(dataset, "train")
    assert found.episodes.tolist() == [0, 0, 0, 1]
    assert found.remaining.tolist() == [3, 2, 1, 1]
    assert found.observation_rows.tolist() == [0, 1, 2, 4]
    assert found.step_rows.tolist() == [0, 1, 2, 3]


def test_a_stride_keeps_each_first_observation():
    found = starts(memory_dataset((5, 4, 1, 1)), "train", stride=3)
    assert found.remaining.tolist() == [5, 2, 4, 1]


def test_take_keeps_the_order():
    found = starts(memory_dataset(), "train").take(np.array([4, 0]))
    assert found.observation_rows.tolist() == [4, 0]


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=3, max_size=8),
    data=st.data(),
    stride=st.integers(1, 4),
)
def test_no_window_crosses_an_episode_boundary(lengths, data, stride):
    known = data.draw(
        st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths))
    )
    known = [k or length == 1 for k, length in zip(known, lengths, strict=True)]
    dataset = memory_dataset(lengths, known=known)
    found = starts(dataset, "train", stride=stride)
    for index in range(len(found)):
        first, remaining = found.observation_rows[index], found.remaining[index]
        window = dataset.observations[first : first + remaining + 1]
        assert len(window) == remaining + 1
        assert (np.round(window / 100) == found.episodes[index]).all()
        step = found.step_rows[index]
        episode = found.episodes[index]
        end = dataset.step_starts[episode] + dataset.lengths[episode]
        assert dataset.step_starts[episode] <= step and step + remaining <= end
        # Observation k of an episode goes with action k.
        assert (
            first - dataset.observation_starts[episode]
            == step - dataset.step_starts[episode]
        )


def test_an_unknown_split_is_named():
    with pytest.raises(DataError, match="no split 'dev'"):
        starts(memory_dataset(), "dev")


def test_a_split_without_a_step_says_what_to_do():
    dataset = memory_dataset((3, 3, 1, 1), known=(True, True, False, True))
    with pytest.raises(DataError, match="the val split has no step to start from"):
        starts(dataset, "val")


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("horizon", [1, 3, 6, 99])
def test_a_table_numbers_the_starts_that_see_the_horizon(stride, horizon):
    dataset = memory_dataset((7, 2, 6, 9, 3), known=(True, True, False, True, True))
    table = start_table(dataset, "train", stride=stride, horizon=horizon)
    every = starts(dataset, "train", stride=stride)
    expected = every.take(np.flatnonzero(every.remaining >= horizon))
    found = table.at(np.arange(len(table)))
    for name in ("observation_rows", "step_rows", "remaining", "episodes"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
