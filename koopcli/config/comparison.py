"""Settings of `koopcli compare`."""

from dataclasses import dataclass, field

from koopcli.config.checks import above, at_least
from koopcli.config.choices import ModelKind, Split
from koopcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What each model of a comparison may spend: gradient steps, or training time.

    Training time excludes compilation and validation; see `koopcli.train.calibrate`.
    """

    steps: int | None = None
    """Gradient steps."""
    seconds: float | None = None
    """Seconds of training."""

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.seconds is None):
            raise ConfigError("budget: give either steps or seconds")
        if self.steps is not None:
            at_least("budget", 1, steps=self.steps)
        if self.seconds is not None:
            above("budget", 0, seconds=self.seconds)
            if self.seconds == float("inf"):
                raise ConfigError("budget.seconds must be finite")


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Which models are compared, and what each of them gets."""

    models: tuple[ModelKind, ...] = tuple(
        kind for kind in ModelKind if kind is not ModelKind.KFC
    )
    """Kinds of model to train; kfc, made for one step, only if it is named."""
    seeds: tuple[int, ...] = (0,)
    """Seeds to train each kind with."""
    budget: Budget = Budget(steps=5000)
    """Gradient steps or training time of each run."""
    params: int | None = None
    """Number of parameters every model comes close to; unset: each model's default."""
    horizons: tuple[int, ...] = (1, 10, 50, 100, 300)
    """Steps ahead at which errors are reported."""
    split: Split = Split.TEST
    """Episodes to evaluate on."""
    settings: dict[str, object] = field(default_factory=dict)
    """Settings of `koopcli train` for every model, by dotted name."""

    def __post_init__(self) -> None:
        for name in ("models", "seeds", "horizons"):
            values = getattr(self, name)
            if not values:
                raise ConfigError(f"compare.{name} must name at least one")
            if len(set(values)) < len(values):
                raise ConfigError(f"compare.{name} names one twice: {values}")
        for seed in self.seeds:
            at_least("compare", 0, seeds=seed)
        for horizon in self.horizons:
            at_least("compare", 1, horizons=horizon)
        if self.params is not None:
            at_least("compare", 1, params=self.params)
