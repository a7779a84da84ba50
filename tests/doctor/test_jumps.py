from dataclasses import replace

import numpy as np
from doctor_data import everywhere, good_episodes, planted, view

from koopcli.doctor import jumps


def test_good_data():
    assert jumps.check(view()) == []
    assert jumps.check(view(good_episodes(2, steps=4))) == []


def test_a_hidden_boundary():
    states = good_episodes()[3].observations.copy()
    states[25:] += [8.0, 0.0, 0.0]
    [found] = jumps.check(planted(3, observations=states))
    assert found.severity == "warning" and found.count == 1
    assert str(found.places[0]) == "episode 3, step 25, column position"


def test_an_outlier_jumps_there_and_back():
    states = good_episodes()[1].observations.copy()
    states[40, 1] += 30.0
    [found] = jumps.check(planted(1, observations=states))
    assert [place.step for place in found.places] == [40, 41]


def test_a_reference_may_jump():
    def change(episode):
        states = episode.observations.copy()
        states[:, 2] = np.arange(len(states)) // 30
        return replace(episode, observations=states)

    assert jumps.check(everywhere(change)) == []


def test_nan_is_no_jump():
    states = good_episodes()[1].observations.copy()
    states[40, 1] = np.nan
    assert jumps.check(planted(1, observations=states)) == []
