from dataclasses import replace

import numpy as np
from doctor_data import everywhere, good_episodes, planted, view

from koopcli.doctor import units


def test_good_data():
    assert units.of_episodes(view()) == []
    assert units.of_columns(view()) == []


def test_an_episode_in_degrees():
    states = good_episodes()[4].observations * [1, 1, 180 / np.pi]
    [found] = units.of_episodes(planted(4, observations=states))
    assert found.severity == "warning" and found.count == 1
    assert str(found.places[0]) == "episode 4, column angle"


def test_an_episode_at_rest():
    states = np.zeros((61, 3))
    assert units.of_episodes(planted(4, observations=states)) == []


def test_few_episodes_cannot_outvote_one():
    assert units.of_episodes(view(good_episodes(3))) == []


def test_columns_of_very_different_size():
    def change(episode):
        return replace(episode, observations=episode.observations * [1e-3, 1, 1e6])

    [found] = units.of_columns(everywhere(change))
    assert found.severity == "remark"
    assert [place.column for place in found.places] == ["angle", "position"]
