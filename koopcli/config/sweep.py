"""Settings of `koopcli sweep`."""

from dataclasses import dataclass, field

from koopcli.config.checks import at_least
from koopcli.config.choices import Pruner, Sampler
from koopcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """Which settings are tried, how many, and what every trial gets."""

    params: tuple[str, ...]
    """Settings to try, each NAME=LOW..HIGH, NAME=LOW..HIGH:log|STEP or NAME=A,B,C."""
    trials: int | None = None
    """Trials in all, of every process; unset: 20, or the whole grid."""
    seeds: tuple[int, ...] = (0,)
    """Seeds to train each trial with; its error is their mean."""
    sampler: Sampler = Sampler.TPE
    """How settings are chosen."""
    sampler_seed: int = 0
    """Seed of the choice."""
    pruner: Pruner = Pruner.MEDIAN
    """Which trials are stopped early, by their validation error with the first seed."""
    storage: str | None = None
    """Database URL of Optuna, or journal:FILE; unset: study.db in the sweep's folder."""
    study: str = "sweep"
    """Name of the study in its storage."""
    settings: dict[str, object] = field(default_factory=dict)
    """Settings of `koopcli train` for every trial, by dotted name."""

    def __post_init__(self) -> None:
        if not self.params:
            raise ConfigError("sweep.params must name at least one setting to try")
        if self.trials is not None:
            at_least("sweep", 1, trials=self.trials)
        if not self.seeds:
            raise ConfigError("sweep.seeds must name at least one")
        if len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"sweep.seeds names one twice: {self.seeds}")
        for seed in self.seeds:
            at_least("sweep", 0, seeds=seed)
        at_least("sweep", 0, sampler_seed=self.sampler_seed)
        if not self.study:
            raise ConfigError("sweep.study must have a name")
