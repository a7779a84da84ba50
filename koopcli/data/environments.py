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


def seconds_per_step(environment_id: str) -> float | None:
    """Return the sampling time of `Name-vK` (any namespace), or None if unknown."""
    match = re.fullmatch(r"(?:.*/)?([A-Za-z0-9]+?)(?:-v\d+)?", environment_id)
    return SECONDS_PER_STEP.get(match.group(1)) if match else None
