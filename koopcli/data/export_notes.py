"""What an export of koopcli adds to formats that have no place for it.

The reader takes it over where it fits, and does without where it does not: anyone may
have changed the file since.
"""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Facts that hold for all episodes.

    Attributes:
        observation_names: One per column; none if they are not noted.
        action_names: Likewise.
        dt: Seconds between two observations, if known.
        rewards: False where the format forced rewards upon data without any.
    """

    observation_names: tuple[str, ...] = ()
    action_names: tuple[str, ...] = ()
    dt: float | None = None
    rewards: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    def observations(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """Return the noted names of the observations if they fit, else the given ones."""
        fit = len(self.observation_names) == len(given)
        return self.observation_names if fit else given

    def actions(self, given: tuple[str, ...]) -> tuple[str, ...]:
        """Return the noted names of the actions if they fit, else the given ones."""
        return self.action_names if len(self.action_names) == len(given) else given


def parse(found: Any) -> Notes:
    """Read notes, as JSON text or decoded; what is not there or damaged is left out."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            found = None
    found = found if isinstance(found, dict) else {}
    dt = found.get("dt")
    usable = isinstance(dt, int | float) and not isinstance(dt, bool)
    return Notes(
        observation_names=_texts(found.get("observation_names")),
        action_names=_texts(found.get("action_names")),
        dt=float(dt) if usable and 0 < dt < math.inf else None,
        rewards=found.get("rewards") is not False,
    )


def _texts(found: Any) -> tuple[str, ...]:
    valid = isinstance(found, list | tuple) and all(
        isinstance(name, str) for name in found
    )
    return tuple(found) if valid else ()
