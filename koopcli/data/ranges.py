"""Numbers and ranges as people type them: `0,4,10:20`."""

import re

from koopcli.errors import ConfigError


def parse(text: str, what: str) -> list[range]:
    """Read whole numbers and ranges first:stop, separated by commas, counted from 0.

    Raises:
        ConfigError: It is something else, or a range is empty.
    """
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,15})(?::(\d{1,15}))?\s*", part)
        if match is None:
            raise ConfigError(
                f"{what} {text!r}: expected numbers or first:stop, such as 0,4,10:20"
            )
        first = int(match.group(1))
        stop = first + 1 if match.group(2) is None else int(match.group(2))
        if stop <= first:
            raise ConfigError(f"{what} {text!r}: {part.strip()} is empty")
        found.append(range(first, stop))
    return found
