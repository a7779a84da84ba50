from dataclasses import replace

import numpy as np
import pytest
from augmentation_parts import latent_model
from linear_plant import plant

from koopcli.augment import moving
from koopcli.augment.prepare import prepare
from koopcli.config.augmentation import AugmentConfig
from koopcli.config.choices import Unit


@pytest.fixture(scope="module")
def subject():
    """Blocks of 20 and 20 steps of episodes 0 to 5; the first ends, the rest are cut."""
    dataset = plant(noise=0.01)
    ends = np.zeros(len(dataset.actions), bool)
    ends[39] = True
    dataset = replace(dataset, terminations=ends)
    config = AugmentConfig(
        scale=0.01, unit=Unit.TRAJECTORY, probability=1, max_residual=9
    )
    return prepare(latent_model(dataset), dataset, config), dataset


def collect(prepared, dataset):
    return list(moving.batches(prepared, dataset, lambda *_: None))


def test_only_training_episodes_are_moved_each_block_once(subject):
    (batch,) = collect(*subject)
    assert batch.episodes.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert batch.first.tolist() == [0, 20] * 6


def test_copies_go_through_the_data_again_with_other_draws(subject, monkeypatch):
    prepared, dataset = subject
    twice = replace(prepared, config=replace(prepared.config, copies=2))
    monkeypatch.setattr(moving, "CHUNK_STEPS", 100)
    told = []
    found = list(moving.batches(twice, dataset, lambda *now: told.append(now)))
    assert [len(batch.episodes) for batch in found] == [5, 5, 2] * 2
    assert (found[0].draw != found[3].draw).all()
    assert told[-1] == (24, 24)


def test_the_same_seed_draws_the_same(subject):
    prepared, dataset = subject
    some = replace(prepared, config=replace(prepared.config, probability=0.5))
    (first,), (second,) = collect(some, dataset), collect(some, dataset)
    assert 0 < len(first.episodes) < 12
    np.testing.assert_array_equal(first.draw, second.draw)
    np.testing.assert_array_equal(first.episodes, second.episodes)


def test_an_episode_names_its_source_and_ends_as_it_did(subject):
    prepared, dataset = subject
    (batch,) = collect(prepared, dataset)
    batch = replace(batch, accepted=np.arange(12) < 3)
    found = list(moving.episodes(batch, dataset, "moved"))
    assert [episode.source for episode in found] == [
        "episode 0, steps 0-19, moved",
        "episode 0, steps 20-39, moved",
        "episode 1, steps 0-19, moved",
    ]
    # Cut where the recording went on; the true end is one, and no time-out.
    last = [(e.terminations[-1], e.truncations[-1]) for e in found]
    assert last == [(False, True), (True, False), (False, True)]
    assert all(not e.truncations[:-1].any() for e in found)
    for episode in found:
        episode.check()
        assert episode.length == 20 and episode.last_observation_known
    assert not dataset.truncations.any()
