"""Settings of `koopcli benchmark`."""

from dataclasses import dataclass

from koopcli.config.checks import above, at_least
from koopcli.config.choices import ModelKind, Precision, Remat
from koopcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class WorkloadConfig:
    """What every benchmark of models has: the models, and the sizes of made-up data."""

    models: tuple[ModelKind, ...] = (
        ModelKind.KOOPMAN,
        ModelKind.MLP,
        ModelKind.GRU,
        ModelKind.TRANSFORMER,
        ModelKind.DSSM,
    )
    """Kinds of model to measure."""
    observation_dim: int = 17
    """Numbers per observation; 17 as in halfcheetah and walker2d."""
    action_dim: int = 6
    """Numbers per action."""
    params: int | None = None
    """Number of parameters every model comes close to; unset: each model's default."""
    repeats: int = 5
    """Rounds of measurements; each round measures everything once."""

    def __post_init__(self) -> None:
        if not self.models or len(set(self.models)) < len(self.models):
            raise ConfigError("benchmark.models must name kinds of model, none twice")
        if ModelKind.EDMDC in self.models:
            raise ConfigError(
                "benchmark.models: edmdc has no gradient steps to measure"
            )
        at_least("benchmark", 1, observation_dim=self.observation_dim)
        at_least("benchmark", 0, action_dim=self.action_dim)
        at_least("benchmark", 1, repeats=self.repeats)
        if self.params is not None:
            at_least("benchmark", 1, params=self.params)


@dataclass(frozen=True, kw_only=True)
class BenchmarkTrainConfig(WorkloadConfig):
    """What `koopcli benchmark train` measures."""

    horizons: tuple[int, ...] = (10, 25, 50, 100, 200, 500)
    """Steps of each window."""
    batch_size: int = 256
    """Windows per gradient step."""
    precision: Precision = Precision.FLOAT32
    """Of the products in networks."""
    remat: Remat = Remat.AUTO
    """Whether the gradient is added up slice by slice; auto: if the whole does not fit."""
    seconds: float = 0.5
    """Least time of one measurement, if 25 steps take that long."""
    roofline: bool = False
    """Whether to hold the step against the rate of matrix products, and to divide it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        distinct("horizons", self.horizons)
        at_least("benchmark", 1, batch_size=self.batch_size)
        above("benchmark", 0, seconds=self.seconds)


@dataclass(frozen=True, kw_only=True)
class BenchmarkPredictConfig(WorkloadConfig):
    """What `koopcli benchmark predict` measures."""

    horizons: tuple[int, ...] = (10, 100, 500)
    """Steps of each rollout."""
    batch_sizes: tuple[int, ...] = (1, 16, 256)
    """Rollouts per call."""

    def __post_init__(self) -> None:
        super().__post_init__()
        distinct("horizons", self.horizons)
        distinct("batch_sizes", self.batch_sizes)


@dataclass(frozen=True, kw_only=True)
class BenchmarkUnrollConfig:
    """What `koopcli benchmark unroll` measures."""

    horizons: tuple[int, ...] = (100,)
    """Steps of the recurrence."""
    batch_size: int = 256
    """Sequences."""
    latent_dim: int = 512
    """Complex latents."""
    repeats: int = 7
    """Rounds of measurements; each round measures every form once."""

    def __post_init__(self) -> None:
        distinct("horizons", self.horizons)
        at_least("benchmark", 1, batch_size=self.batch_size)
        at_least("benchmark", 1, latent_dim=self.latent_dim, repeats=self.repeats)


def distinct(name: str, values: tuple[int, ...]) -> None:
    """Refuse a list of sizes that is empty, names one twice, or one below 1.

    Raises:
        ConfigError: naming the setting.
    """
    if not values or len(set(values)) < len(values):
        raise ConfigError(f"benchmark.{name} must name sizes, none twice; got {values}")
    for value in values:
        at_least("benchmark", 1, **{name: value})
