import numpy as np
from memory_dataset import memory_dataset

from koopcli.data.stored_episodes import episodes


def test_episodes_with_their_splits():
    dataset = memory_dataset((6, 4, 9), known=(True, False, True))
    found = list(episodes(dataset))
    assert [episode.length for episode in found] == [6, 4, 9]
    assert [e.last_observation_known for e in found] == [True, False, True]
    assert [episode.split for episode in found] == ["train", "val", "test"]
    assert np.array_equal(found[1].observations, dataset.observations[7:11])
    assert np.array_equal(found[2].rewards, dataset.rewards[10:])
    assert [episode.source for episode in episodes(dataset, "test")] == ["episode 2"]


def test_without_rewards():
    assert next(episodes(memory_dataset(rewards=False))).rewards is None
