"""The settings that a sweep tries, read from `name=1e-4..1e-2:log` or `name=32,64`."""

import itertools
import math
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from koopcli import config_file
from koopcli.errors import ConfigError

FLAG = "--param"
RANGE = re.compile(r"(?P<low>[^,]+?)\.\.(?P<high>[^,:]+)(:(?P<how>[^,]*))?")
CLOSE = 1e-9
"""Relative distance at which a range counts as a whole number of steps."""

Value = bool | int | float | str | None


@dataclass(frozen=True)
class Parameter:
    """A setting and what it may be: `choices`, or numbers from `low` to `high`.

    Attributes:
        name: Dotted name of the setting.
        choices: All its values; empty for a range.
        low: Smallest number of a range.
        high: Largest one.
        step: Distance of two numbers; None: any in between.
        log: Whether ratios count, not differences.
    """

    name: str
    choices: tuple[Value, ...] = ()
    low: int | float = 0
    high: int | float = 0
    step: int | float | None = None
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether a range is of whole numbers."""
        return isinstance(self.low, int)

    @property
    def ends(self) -> tuple[Value, ...]:
        """All choices, or both ends of a range: what can be checked before any work."""
        return self.choices or (self.low, self.high)

    def grid(self) -> tuple[Value, ...]:
        """Return all values in turn.

        Raises:
            ConfigError: There is no end of them.
        """
        if self.choices:
            return self.choices
        step = self.step or (1 if self.whole else None)
        if step is None or self.log:
            raise ConfigError(
                f"{FLAG} {self}: a grid needs choices (a,b,c) or a range with a step "
                "(low..high:step); or choose --sampler tpe or random"
            )
        count = round((self.high - self.low) / step)
        # Rounded, since 0.1 + 2 * 0.1 is 0.30000000000000004 to nobody but floats.
        return tuple(
            self.low + number * step
            if self.whole
            else float(f"{self.low + number * step:.12g}")
            for number in range(count + 1)
        )

    def __str__(self) -> str:
        """Write it as it could have been given."""
        if self.choices:
            words = ("none" if each is None else str(each) for each in self.choices)
            return f"{self.name}={','.join(words)}"
        how = ":log" if self.log else "" if self.step is None else f":{self.step}"
        return f"{self.name}={self.low}..{self.high}{how}"


def read(specifications: Sequence[str]) -> tuple[Parameter, ...]:
    """Read what is to be tried.

    Raises:
        ConfigError: A setting is unknown or named twice, or its values do not fit.
    """
    found: dict[str, Parameter] = {}
    for text in specifications:
        name, separator, values = text.partition("=")
        if not separator:
            raise ConfigError(
                f"{FLAG} {text!r}: expected NAME=LOW..HIGH, NAME=LOW..HIGH:log or "
                "NAME=A,B,C"
            )
        name = config_file.full_name(name.strip(), FLAG)
        if name in found:
            raise ConfigError(f"{FLAG} {text!r}: {name} is given twice")
        match = RANGE.fullmatch(values.strip())
        found[name] = _choices(name, values) if match is None else _range(name, match)
    return tuple(found.values())


def product(space: Sequence[Parameter]) -> list[dict[str, Value]]:
    """Return every combination, the last setting fastest.

    Raises:
        ConfigError: There is no end of them.
    """
    values = [parameter.grid() for parameter in space]
    names = [parameter.name for parameter in space]
    return [dict(zip(names, each, strict=True)) for each in itertools.product(*values)]


def check(space: Sequence[Parameter], fixed: Mapping[str, Any]) -> None:
    """Refuse values that no model can have, as far as they can be told one by one.

    A value is tried beside the fixed settings alone, and beside the first and the last
    values of all others: some settings only fit each other.

    Raises:
        ConfigError: A value is out of range, or does not fit the fixed settings.
    """
    sides = (
        dict(fixed),
        {**fixed, **{each.name: each.ends[0] for each in space}},
        {**fixed, **{each.name: each.ends[-1] for each in space}},
    )
    for parameter in space:
        for value in parameter.ends:
            problems = [
                _problem({**side, parameter.name: value}, fixed) for side in sides
            ]
            if None not in problems:
                raise ConfigError(f"{FLAG} {parameter}: {problems[0]}")


def settings(values: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run: those of a trial, typed, over the fixed ones."""
    typed = {
        name: config_file.convert(name, value, FLAG) for name, value in values.items()
    }
    return {**fixed, **typed}


def _problem(values: Mapping[str, Any], fixed: Mapping[str, Any]) -> ConfigError | None:
    try:
        config_file.build(settings(values, fixed))
    except ConfigError as error:
        return error
    return None


def _choices(name: str, text: str) -> Parameter:
    made = [_plain(_convert(name, part)) for part in text.split(",")]
    if len(made) < 2:
        raise ConfigError(
            f"{FLAG} {name}={text}: one value is nothing to try; use --set {name}={text}"
        )
    if len({str(value) for value in made}) < len(made):
        raise ConfigError(f"{FLAG} {name}={text}: names a value twice")
    return Parameter(name, choices=tuple(made))


def _range(name: str, match: re.Match[str]) -> Parameter:
    text = f"{FLAG} {name}={match[0]}"
    if _number(name) is None:
        raise ConfigError(f"{text}: {name} is no number; give choices: {name}=A,B")
    low, high = (_convert(name, match[end]) for end in ("low", "high"))
    if low is None or high is None:
        raise ConfigError(f"{text}: a range goes from a number to a number")
    if not low < high:
        raise ConfigError(f"{text}: the range is empty; give the smaller end first")
    how = match["how"]
    if how is None:
        return Parameter(name, low=low, high=high)
    if how == "log":
        if low <= 0:
            raise ConfigError(f"{text}: a logarithmic range begins above 0")
        return Parameter(name, low=low, high=high, log=True)
    step = _step(text, how, _number(name))
    steps = (high - low) / step
    if steps < 1 or not math.isclose(steps, round(steps), rel_tol=CLOSE):
        raise ConfigError(
            f"{text}: {low} to {high} is no whole number of steps of {how}"
        )
    return Parameter(name, low=low, high=high, step=step)


def _step(text: str, how: str, number: Any) -> Any:
    try:
        step = number(how)
    except ValueError:
        step = 0
    if not 0 < step < math.inf:
        kind = "whole number above 0" if number is int else "number above 0"
        raise ConfigError(f"{text}: after the colon comes log or a step, a {kind}")
    return step


def _number(name: str) -> type | None:
    kind = config_file.fields()[name][1]
    kinds = typing.get_args(kind) or (kind,)
    return next((each for each in kinds if each in (int, float)), None)


def _convert(name: str, text: str) -> Any:
    return config_file.convert(name, text.strip(), FLAG)


def _plain(value: Any) -> Value:
    # Of a StrEnum its text: what is stored elsewhere should not need our classes.
    return str(value) if isinstance(value, str) else value
