from dataclasses import replace

import numpy as np
from doctor_data import good_episodes, planted, view

from koopcli.doctor import dones

NEVER = np.zeros(60, bool)
AT_END = np.arange(60) == 59


def test_good_data():
    assert dones.check(view()) == []


def test_an_episode_that_goes_on_after_its_end():
    early = np.arange(60) == 20
    [found] = dones.check(planted(3, terminations=early))
    assert found.severity == "error"
    assert str(found.places[0]) == "episode 3, step 20"


def test_terminations_at_the_time_limit():
    [found] = dones.check(planted(2, terminations=AT_END, truncations=NEVER))
    assert found.severity == "warning" and "maximum length of 60" in found.what
    assert str(found.places[0]) == "episode 2, step 59"


def test_true_terminations_end_at_different_steps():
    episodes = []
    for number in range(6):
        [episode] = good_episodes(1, steps=40 + number, seed=number)
        ends = episode.truncations
        episodes.append(
            replace(episode, terminations=ends, truncations=np.zeros_like(ends))
        )
    assert dones.check(view(episodes)) == []


def test_an_end_of_both_kinds():
    odd = [*good_episodes(5), *good_episodes(1, steps=50)]
    odd[5] = replace(odd[5], terminations=odd[5].truncations)
    [found] = dones.check(view(odd))
    assert found.severity == "remark" and str(found.places[0]) == "episode 5, step 49"
