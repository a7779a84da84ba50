import numpy as np
from doctor_data import good_episodes, planted, view

from koopcli.doctor import finite


def test_good_data():
    assert finite.check(view()) == []


def test_places_of_nan_and_infinity():
    episode = good_episodes()[2]
    states, actions = episode.observations.copy(), episode.actions.copy()
    states[7, 1], states[9, 0], actions[4, 1] = np.nan, 1e39, -np.inf
    [found] = finite.check(planted(2, observations=states, actions=actions))
    assert found.severity == "error" and found.count == 3
    assert [str(place) for place in found.places] == [
        "episode 2, step 7, column speed",
        "episode 2, step 9, column position",
        "episode 2, step 4, column torque",
    ]
    assert "speed, position, torque" in found.what


def test_rewards_and_very_many():
    rewards = np.full(60, np.nan)
    [found] = finite.check(planted(1, rewards=rewards))
    assert found.count == 60 and len(found.places) == 20
    assert str(found.places[0]) == "episode 1, step 0, column reward"
