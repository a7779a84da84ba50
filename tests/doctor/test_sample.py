from dataclasses import replace

import numpy as np
from doctor_data import good_episodes

from koopcli.doctor.sample import Collector


def collected(episodes, most):
    collector = Collector(most)
    for episode in episodes:
        collector.add(episode)
    return collector.sample()


def test_rows_are_transitions_of_the_episodes():
    [episode] = good_episodes(1, steps=10)
    sample = collected([episode], 100)
    assert sample.rows == 8
    assert np.array_equal(sample.before, episode.observations[:8])
    assert np.array_equal(sample.now, episode.observations[1:9])
    assert np.array_equal(sample.after, episode.observations[2:10])
    assert np.array_equal(sample.action, episode.actions[1:9])
    assert np.array_equal(sample.next_action, episode.actions[2:])


def test_no_row_crosses_an_episode_and_none_leads_to_the_unknown():
    [episode] = good_episodes(1, steps=10)
    unknown = replace(episode, observations=episode.observations[:-1])
    assert collected([unknown, unknown], 100).rows == 16
    assert collected(good_episodes(4, steps=2), 100).rows == 0


def test_the_size_is_bounded_and_the_draw_is_even():
    episodes = good_episodes(20, steps=52)
    sample = collected(episodes, 100)
    assert 50 < sample.rows <= 100
    everything = collected(episodes, 10_000)
    assert np.array_equal(sample.now, everything.now[::16])


def test_rows_that_are_not_finite_are_left_out():
    [episode] = good_episodes(1, steps=10)
    actions = episode.actions.copy()
    actions[5, 0] = np.nan
    assert collected([replace(episode, actions=actions)], 100).rows == 6


def test_nothing():
    assert Collector(10).sample().rows == 0
