"""Limits of settings, each refused by its section and name."""

from koopcli.errors import ConfigError


def at_least(owner: str, minimum: float, **values: float) -> None:
    """Refuse a setting below `minimum`, or NaN.

    Raises:
        ConfigError: naming the owner, the setting and its value.
    """
    for name, value in values.items():
        if not value >= minimum:
            raise ConfigError(f"{owner}.{name} must be >= {minimum:g}, got {value!r}")


def at_most(owner: str, maximum: float, **values: float) -> None:
    """Refuse a setting above `maximum`, or NaN.

    Raises:
        ConfigError: naming the owner, the setting and its value.
    """
    for name, value in values.items():
        if not value <= maximum:
            raise ConfigError(f"{owner}.{name} must be <= {maximum:g}, got {value!r}")


def above(owner: str, minimum: float, **values: float) -> None:
    """Refuse a setting that is not above `minimum`, or NaN.

    Raises:
        ConfigError: naming the owner, the setting and its value.
    """
    for name, value in values.items():
        if not value > minimum:
            raise ConfigError(f"{owner}.{name} must be > {minimum:g}, got {value!r}")


def fraction(owner: str, **values: float) -> None:
    """Refuse a setting that is not in [0, 1].

    Raises:
        ConfigError: naming the owner, the setting and its value.
    """
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ConfigError(f"{owner}.{name} must lie in [0, 1], got {value!r}")
