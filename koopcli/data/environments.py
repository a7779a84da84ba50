"""Sampling times of well-known Gymnasium environments, without installing any."""

import re

SECONDS_PER_STEP = {
    "Acrobot": 0.2,
    "Ant": 0.05,
    "CartPole": 0.02,
    "HalfCheetah": 0.05,
    "Hopper": 0.008,
    "Humanoid": 0.015,
    "HumanoidStandup": 0.015,
    "InvertedDoublePendulum": 0.05,
    "InvertedPendulum": 0.04,
    "Pendulum": 0.05,
    "Pusher": 0.05,
    "Reacher": 0.02,
    "Swimmer": 0.04,
    "Walker2d": 0.008,
}
"""Documented time step times frame skip, in seconds."""

TIME_LIMITS = {
    "Acrobot": 500,
    "Pendulum": 200,
    "Pusher": 100,
    "Reacher": 50,
    **dict.fromkeys(
        (
            *("Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidStandup"),
            *("InvertedDoublePendulum", "InvertedPendulum", "Swimmer", "Walker2d"),
        ),
        1000,
    ),
}
"""Documented number of steps after which an episode is cut."""


def named_in(text: str) -> str:
    """Return the first well-known environment that `text` names (`x_Hopper-v4`), or ''."""
    names = "|".join(sorted(SECONDS_PER_STEP, key=len, reverse=True))
    match = re.search(rf"(?<![A-Za-z])({names})-v\d+", text)
    return match.group() if match else ""


def time_limit(environment_id: str) -> int | None:
    """Return the number of steps of an uninterrupted episode, or None if unknown.

    D4RL's own names (`hopper-medium-v2`, any case) are understood.
    """
    match = re.match(r"(?:.*/)?([A-Za-z0-9]+)", environment_id)
    name = match.group(1).lower() if match else ""
    return next((n for key, n in TIME_LIMITS.items() if key.lower() == name), None)


def seconds_per_step(environment_id: str) -> float | None:
    """Return the sampling time of `Name-vK` (any namespace), or None if unknown."""
    match = re.fullmatch(r"(?:.*/)?([A-Za-z0-9]+?)(?:-v\d+)?", environment_id)
    return SECONDS_PER_STEP.get(match.group(1)) if match else None
