from dataclasses import replace

import numpy as np
from doctor_data import ACTIONS, NAMES, good_episodes

from koopcli.doctor.survey import survey, usable

COLUMNS = (*NAMES, *ACTIONS)


def test_statistics_of_all_columns():
    episodes = good_episodes()
    found = survey(iter(episodes), COLUMNS)
    states = np.concatenate([episode.observations for episode in episodes])
    actions = np.concatenate([episode.actions for episode in episodes])
    mean = np.concatenate([states.mean(axis=0), actions.mean(axis=0)])
    assert np.allclose(found.columns.mean, mean)
    assert np.allclose(found.columns.std[3:], actions.std(axis=0))
    assert found.finite and found.columns.count == 6 * 61
    assert found.sample.rows == 6 * 58


def test_facts_of_an_episode():
    [facts] = survey(good_episodes(1), COLUMNS).episodes
    assert (facts.steps, facts.transitions) == (60, 60)
    assert facts.truncated and not facts.terminated and facts.early_end is None
    expected = np.sqrt((good_episodes(1)[0].observations ** 2).mean(axis=0))
    assert np.allclose(facts.size, expected)


def test_a_digest_is_of_the_values_not_of_their_precision():
    [episode] = good_episodes(1)
    single = replace(episode, observations=episode.observations.astype(np.float32))
    other = replace(episode, actions=episode.actions[::-1])
    digests = [f.digest for f in survey([episode, single, other], COLUMNS).episodes]
    assert digests[0] == digests[1] != digests[2]


def test_what_is_not_finite_is_told_and_left_out():
    [episode] = good_episodes(1)
    states = episode.observations.copy()
    states[5, 1] = np.nan
    found = survey([replace(episode, observations=states)], COLUMNS)
    assert not found.finite
    assert np.isfinite(found.columns.mean).all()
    assert np.isfinite(found.episodes[0].size).all()


def test_rewards_must_be_finite_too():
    [episode] = good_episodes(1)
    rewards = np.full(60, np.inf)
    assert not survey([replace(episode, rewards=rewards)], COLUMNS).finite


def test_ends_inside_an_episode():
    [episode] = good_episodes(1)
    flags = np.zeros(60, bool)
    flags[[20, 40]] = True
    [facts] = survey([replace(episode, terminations=flags)], COLUMNS).episodes
    assert facts.early_end == 20 and not facts.terminated


def test_beyond_float32_is_not_usable():
    assert usable(np.array([1.0, 1e39, np.nan, -np.inf])).tolist() == [
        True,
        *[False] * 3,
    ]


def test_no_episodes():
    found = survey([], COLUMNS)
    assert found.episodes == () and found.sample.rows == 0 and found.columns.count == 0
