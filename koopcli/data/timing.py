"""The time column: its step, its jitter, its gaps, and how to make it even."""

import re

import numpy as np
from jaxtyping import Float

from koopcli.config.choices import TimeUnit
from koopcli.errors import DataError

SECONDS = {
    TimeUnit.SECONDS: 1.0,
    TimeUnit.MILLISECONDS: 1e-3,
    TimeUnit.MICROSECONDS: 1e-6,
    TimeUnit.NANOSECONDS: 1e-9,
}
JITTER = 0.1
"""Largest deviation from the time step, as a share of it, that still counts as even."""
GAP = 1.5
"""A gap is longer than this many time steps: at least one sample is missing."""
GAP_RESAMPLED = 10.0
"""The same where uneven time is interpolated: single missing samples are filled in."""

ROUNDING = 5e-7
"""Time steps that differ by less than this share are the same number, rounded."""


def unit(column: str, given: TimeUnit | None) -> TimeUnit:
    """Return the unit of a time column: as given, else as its name ends (`t_ms`)."""
    if given is not None:
        return given
    match = re.search(r"[_ (\[](ms|us|ns)[)\]]?$", column.lower())
    return TimeUnit(match.group(1)) if match else TimeUnit.SECONDS


def step(differences: Float[np.ndarray, " gap"]) -> float:
    """Return the typical time step: the median, freed from rounding noise."""
    median = float(np.median(differences))
    candidates = (float(f"{median:.{digits}g}") for digits in range(1, 9))
    close = (value for value in candidates if abs(value - median) < ROUNDING * median)
    return next(close, median)


def jitter(
    differences: Float[np.ndarray, " gap"], time_step: float, where: str
) -> float:
    """Return the largest deviation from `time_step`, as a share of it.

    Raises:
        DataError: The sampling is uneven.
    """
    if not len(differences):
        return 0.0
    deviations = np.abs(differences - time_step) / time_step
    worst = int(np.argmax(deviations))
    if deviations[worst] > JITTER:
        raise DataError(
            f"{where}: uneven sampling: the time step is {time_step:g} s, but once "
            f"{differences[worst]:g} s; give --resample DT (for instance "
            f"{time_step:g}) to interpolate"
        )
    return float(deviations[worst])


def grid(times: Float[np.ndarray, " row"], dt: float) -> Float[np.ndarray, " point"]:
    """Return the even times from the first to the last one."""
    points = int(np.floor((times[-1] - times[0]) / dt * (1 + 1e-9) + 1e-6)) + 1
    return times[0] + dt * np.arange(points)


def interpolate(
    times: Float[np.ndarray, " row"],
    values: Float[np.ndarray, "row column"],
    new_times: Float[np.ndarray, " point"],
) -> Float[np.ndarray, "point column"]:
    """Interpolate linearly."""
    columns = [np.interp(new_times, times, column) for column in values.T]
    return np.stack(columns, axis=1).reshape(len(new_times), values.shape[1])


def hold(
    times: Float[np.ndarray, " row"],
    values: Float[np.ndarray, "row column"],
    new_times: Float[np.ndarray, " point"],
    *,
    lag: bool = False,
) -> Float[np.ndarray, "point column"]:
    """Take the value in force: from its own time on, or, with `lag`, up to it."""
    # Times that differ by rounding only are the same time.
    slack = 1e-6 * float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if lag:
        rows = np.searchsorted(times, new_times - slack, side="left")
    else:
        rows = np.searchsorted(times, new_times + slack, side="right") - 1
    return values[np.clip(rows, 0, len(times) - 1)]
