import numpy as np
from memory_dataset import memory_dataset

from koopcli.augment.blocks import gather
from koopcli.data.windows import start_table


def test_blocks_stay_inside_their_episode_and_are_filled_with_its_last_row():
    dataset = memory_dataset((6, 4, 9, 5))
    table = start_table(dataset, "train", stride=4)
    blocks = gather(dataset, table.at(np.arange(len(table))), 4)
    assert blocks.lengths.tolist() == [4, 2, 4]
    # Episode e lies near 100 e.
    near = np.round(blocks.observations[..., 0] / 100).astype(int)
    assert near[:2].tolist() == [[0] * 5] * 2 and near[2].tolist() == [1] * 5
    second = blocks.observations[1]
    np.testing.assert_array_equal(second[:3], dataset.observations[4:7])
    np.testing.assert_array_equal(second[3:], dataset.observations[[6, 6]])
    np.testing.assert_array_equal(blocks.actions[1, :2], dataset.actions[4:6])
    assert blocks.steps.tolist()[1] == [True, True, False, False]
    assert blocks.points.tolist()[1] == [True, True, True, False, False]


def test_some_blocks_are_taken_with_all_their_parts():
    dataset = memory_dataset((6, 4, 9, 5), rewards=False)
    table = start_table(dataset, "train", stride=2)
    blocks = gather(dataset, table.at(np.arange(len(table))), 2)
    some = blocks.take(np.array([2, 0]))
    assert len(some) == 2 and some.rewards is None
    np.testing.assert_array_equal(some.actions, blocks.actions[[2, 0]])
