"""Values as people write them on a command line: `300k`, `10m`, `1,10,100`."""

import enum
import math
import re
from typing import TypeVar

from koopcli.config import Budget
from koopcli.errors import ConfigError

THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
Choice = TypeVar("Choice", bound=enum.StrEnum)
SECONDS = {"s": 1, "m": 60, "h": 3600}


def parameters(text: str) -> int:
    """Read a number of parameters: `300000`, `300k`, `1.5m`.

    Raises:
        ConfigError: It is none, or below 1.
    """
    value = _scaled(text, THOUSANDS)
    if value is None or value < 1 or value != int(value):
        raise ConfigError(
            f"--params {text!r}: expected a number of parameters such as 300000, 300k "
            "or 1.5m"
        )
    return int(value)


def budget(text: str) -> Budget:
    """Read a budget: gradient steps (`5000`, `5k`) or time (`90s`, `10m`, `1h`).

    Raises:
        ConfigError: It is neither, or nothing.
    """
    time, steps = _scaled(text, SECONDS), _scaled(text, {"": 1, "k": 1000})
    if time is not None and time > 0:
        return Budget(seconds=time)
    if steps is not None and steps >= 1 and steps == int(steps):
        return Budget(steps=int(steps))
    raise ConfigError(
        f"--budget {text!r}: expected gradient steps such as 5000, or time such as 90s, "
        "10m or 1h"
    )


def numbers(text: str, flag: str) -> tuple[int, ...]:
    """Read whole numbers separated by commas.

    Raises:
        ConfigError: Something in between is none.
    """
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(
            f"{flag} {text!r}: expected whole numbers separated by commas, such as 0,1"
        ) from error


def names(text: str, choices: type[Choice], flag: str) -> tuple[Choice, ...]:
    """Read names of an enumeration separated by commas.

    Raises:
        ConfigError: One is unknown.
    """
    try:
        return tuple(choices(part.strip()) for part in text.split(","))
    except ValueError as error:
        raise ConfigError(
            f"{flag}: {error}; choose from {', '.join(choices)}"
        ) from error


def _scaled(text: str, units: dict[str, int]) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]?)", text.strip().lower())
    if match is None or match[2] not in units:
        return None
    # Rounded, since 1.1k is 1100 to whoever wrote it, and 1100.0000000000002 to floats.
    value = round(float(match[1]) * units[match[2]], 6)
    return value if math.isfinite(value) else None
