"""What an augmentation says of itself."""

from dataclasses import asdict, dataclass, field
from typing import Any

from koopcli.augment.summary import Checks
from koopcli.config.augmentation import AugmentConfig

SCHEMA = "koopcli.augment/1"


@dataclass(frozen=True, kw_only=True)
class Augmented:
    """What was written.

    Attributes:
        run: The model.
        data: The dataset file.
        judge: The judge, if there was one.
        settings: How.
        steps: Most steps of a block.
        search: One row per scale that was tried.
        checks: Of all proposals.
        generators: Relative cycle error of each symmetry that was found.
        episodes: Numbers of episodes: recorded, training among them, added.
        steps_added: Steps of the added ones.
        warnings: What does not quite fit.
    """

    run: str
    data: str
    judge: str | None
    settings: AugmentConfig
    steps: int
    search: tuple[Checks, ...]
    checks: Checks
    generators: tuple[float, ...] | None
    episodes: dict[str, int]
    steps_added: int
    warnings: tuple[str, ...] = field(default=())

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN is the printer's to replace."""
        parts = {
            name: getattr(self, name) for name in ("run", "data", "judge", "steps")
        }
        return {
            "schema": SCHEMA,
            **parts,
            "settings": asdict(self.settings),
            "scale": self.checks.scale,
            "search": [row.as_json() for row in self.search],
            "checks": self.checks.as_json(),
            "generators": None if self.generators is None else list(self.generators),
            "episodes": self.episodes,
            "steps_added": self.steps_added,
            "warnings": list(self.warnings),
        }
