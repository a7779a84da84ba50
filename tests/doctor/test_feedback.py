from dataclasses import replace

import numpy as np
from doctor_data import everywhere, good_episodes, view

from koopcli.doctor import feedback


def test_good_data():
    assert feedback.check(view()) == []
    assert feedback.check(view(good_episodes(2, steps=4))) == []


def test_a_policy_without_noise():
    def change(episode):
        actions = episode.actions.copy()
        states = episode.observations[:-1]
        actions[:, 1] = np.tanh(states[:, 0] - 0.5 * states[:, 1])
        return replace(episode, actions=actions)

    [found] = feedback.check(everywhere(change))
    assert found.severity == "remark" and found.check == "closed-loop"
    assert [place.column for place in found.places] == ["torque"]


def test_without_actions():
    none = [replace(e, actions=e.actions[:, :0]) for e in good_episodes()]
    assert feedback.check(view(none, action_names=())) == []
