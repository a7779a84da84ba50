import numpy as np
import pytest
from memory_dataset import memory_dataset

from koopcli.data import stored_episodes
from koopcli.data.stored_episodes import StoredEpisodes, episodes


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


@pytest.mark.parametrize("rows", [1, 8, 12])
def test_the_size_of_a_block_changes_nothing(monkeypatch, rows):
    dataset = memory_dataset((6, 4, 9, 2), known=(True, False, True, True))
    whole = [e.observations.tolist() for e in episodes(dataset)]
    monkeypatch.setattr(stored_episodes, "BLOCK_ROWS", rows)
    chosen = StoredEpisodes(dataset)
    for _ in range(2):
        assert [e.observations.tolist() for e in chosen] == whole
    assert [e.length for e in StoredEpisodes(dataset, "val")] == [9]
