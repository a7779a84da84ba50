"""Values as people write them on a command line: `300k`, `10m`, `1,10,100`."""

import enum
import math
import re
from typing import TypeVar

from koopcli.config.comparison import Budget
from koopcli.errors import ConfigError

THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
Choice = TypeVar("Choice", bound=enum.StrEnum)
SECONDS = {"s": 1, "m": 60, "h": 3600}
BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
BYTES |= {"": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


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


def memory(text: str) -> int:
    """Read an amount of memory: `2GB`, `500 MB`, `1.5GiB`, or bytes.

    Raises:
        ConfigError: It is none, or below 1 byte.
    """
    value = _scaled(text.replace(" ", ""), BYTES)
    if value is None or value < 1:
        raise ConfigError(
            f"--memory-budget {text!r}: expected an amount of memory such as 2GB, 500MB "
            "or 1.5GiB"
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


def period(text: str) -> dict[str, float]:
    """Read how often to write a checkpoint: gradient steps (`500`) or time (`5m`).

    Returns:
        Settings of `TrainConfig`; the one that is not meant is 0.

    Raises:
        ConfigError: It is neither.
    """
    steps, time = _scaled(text, {"": 1, "k": 1000}), _scaled(text, SECONDS)
    if steps is not None and steps == int(steps):
        return {"checkpoint_every": int(steps), "checkpoint_minutes": 0.0}
    if time is not None:
        return {"checkpoint_every": 0, "checkpoint_minutes": time / 60}
    raise ConfigError(
        f"--checkpoint-every {text!r}: expected gradient steps such as 500, or time such "
        "as 30s or 5m"
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
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([a-z]*)", text.strip().lower())
    if match is None or match[2] not in units:
        return None
    # Rounded, since 1.1k is 1100 to whoever wrote it, and 1100.0000000000002 to floats.
    value = round(float(match[1]) * units[match[2]], 6)
    return value if math.isfinite(value) else None
