from dataclasses import replace

import numpy as np
from doctor_data import everywhere, view

from koopcli.doctor import clock


def ticking(late=()):
    def change(episode):
        states = episode.observations.copy()
        states[:, 2] = 0.05 * np.arange(len(states))
        if episode.source == "file: episode 4":
            states[list(late), 2] += 0.02
        return replace(episode, observations=states)

    return everywhere(change)


def test_good_data():
    assert clock.check(view()) == []


def test_an_even_clock():
    [found] = clock.check(ticking())
    assert found.check == "clock" and "0.05" in found.what
    assert found.places[0].column == "angle"


def test_an_uneven_clock():
    _, found = clock.check(ticking(late=[30]))
    assert found.check == "dt-jitter" and found.count == 2
    assert str(found.places[0]) == "episode 4, step 30, column angle"
    assert found.places[1].step == 31
