from dataclasses import replace

import numpy as np
from doctor_data import everywhere, good_episodes, planted, view

from koopcli.doctor import limits


def beyond(value=1.5):
    actions = good_episodes()[2].actions.copy()
    actions[8, 1] = value
    return actions


def test_good_data():
    assert limits.outside(view()) == []
    assert limits.saturated(view()) == []


def test_an_action_outside_the_box_of_the_environment():
    episodes = good_episodes()
    episodes[2] = replace(episodes[2], actions=beyond())
    [found] = limits.outside(view(episodes, dt_source="environment Hopper-v5"))
    assert found.severity == "warning" and found.count == 1
    assert str(found.places[0]) == "episode 2, step 8, column torque"
    assert "1 of 720" in found.what and "Hopper-v5" in found.what


def test_an_action_outside_what_looks_like_a_box():
    [found] = limits.outside(planted(2, actions=beyond()))
    assert found.severity == "remark" and found.places[0].step == 8


def test_values_at_the_bounds_show_a_box():
    clipped = [
        replace(episode, actions=np.clip(1.2 * episode.actions, -1, 1))
        for episode in good_episodes()
    ]
    assert limits.outside(view(clipped)) == []
    clipped[2] = replace(clipped[2], actions=beyond())
    [found] = limits.outside(view(clipped))
    assert found.severity == "warning"


def test_actions_of_other_size_have_no_such_box():
    larger = everywhere(lambda e: replace(e, actions=30 * e.actions))
    assert limits.outside(larger) == []


def test_saturated_actions():
    def change(episode):
        actions = episode.actions.copy()
        actions[:, 0] = np.clip(3 * actions[:, 0], -1, 1)
        return replace(episode, actions=actions)

    [found] = limits.saturated(everywhere(change))
    assert found.severity == "remark" and found.places[0].column == "force"


def test_a_switch_is_not_saturated():
    assert (
        limits.saturated(everywhere(lambda e: replace(e, actions=np.sign(e.actions))))
        == []
    )


def test_without_actions():
    none = [replace(e, actions=e.actions[:, :0]) for e in good_episodes()]
    autonomous = view(none, action_names=())
    assert limits.outside(autonomous) == [] and limits.saturated(autonomous) == []
