from dataclasses import replace

import numpy as np
from doctor_data import PUSH, STEP, everywhere, good_episodes, view

from koopcli.doctor import alignment


def test_good_data():
    assert alignment.check(view()) == []
    assert alignment.check(view(good_episodes(2, steps=4))) == []


def late(episode):
    """Each action stored one row after the observation that it leads from."""
    return replace(episode, actions=np.roll(episode.actions, 1, axis=0))


def test_actions_that_are_stored_one_step_late():
    [found] = alignment.check(everywhere(late))
    assert found.severity == "warning" and "lag" in found.advice


def closed_loop(rng):
    state, states, actions = rng.normal(size=3), [], []
    for _ in range(60):
        action = np.array([np.tanh(-2 * state[1]), np.sin(3 * state[2])])
        states.append(state)
        actions.append(action)
        state = STEP @ state + PUSH @ action + 0.2 * rng.normal(size=3)
    [episode] = good_episodes(1)
    return replace(
        episode, observations=np.array([*states, state]), actions=np.array(actions)
    )


def test_in_a_closed_loop_the_next_action_tells_of_the_noise():
    rng = np.random.default_rng(0)
    episodes = [closed_loop(rng) for _ in range(20)]
    assert alignment.check(view(episodes)) == []


def test_without_actions():
    none = [replace(e, actions=e.actions[:, :0]) for e in good_episodes()]
    assert alignment.check(view(none, action_names=())) == []
