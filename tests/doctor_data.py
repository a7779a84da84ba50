"""A small good dataset for the doctor's checks, to plant faults in."""

from dataclasses import replace

import numpy as np

from koopcli.data.episode import Episode
from koopcli.doctor.view import View

NAMES = ("position", "speed", "angle")
ACTIONS = ("force", "torque")
STEP = np.array([[1.0, 0.1, 0.0], [-0.1, 0.9, 0.1], [0.0, -0.1, 0.9]])
PUSH = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.4]])


def good_episodes(count=6, steps=60, seed=0):
    """A driven oscillator with random inputs in [-1, 1]; time limits end the episodes."""
    rng = np.random.default_rng(seed)
    return [_episode(rng, steps, number) for number in range(count)]


def _episode(rng, steps, number):
    actions = rng.uniform(-1, 1, size=(steps, 2))
    states = [rng.normal(size=3)]
    for action in actions:
        states.append(STEP @ states[-1] + PUSH @ action)
    last = np.arange(steps) == steps - 1
    return Episode(
        observations=np.array(states),
        actions=actions,
        rewards=rng.normal(size=steps),
        terminations=np.zeros(steps, bool),
        truncations=last,
        source=f"file: episode {number}",
    )


def view(episodes=None, **changes):
    """The view of some episodes, or of the good ones."""
    found = good_episodes() if episodes is None else episodes
    settings = {"horizon": 50, "observation_names": NAMES, "action_names": ACTIONS}
    return View(episodes=lambda: iter(found), **(settings | changes))


def planted(number, **arrays):
    """The view of the good episodes with other arrays in one of them."""
    episodes = good_episodes()
    episodes[number] = replace(episodes[number], **arrays)
    return view(episodes)


def everywhere(change):
    """The view of the good episodes, each changed by `change`."""
    return view([change(episode) for episode in good_episodes()])
