"""Settings of `koopcli predict`, `eval` and `inspect-eigenvalues`."""

from dataclasses import dataclass

from koopcli.config.checks import above, at_least
from koopcli.config.choices import Split
from koopcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PredictConfig:
    """Which rollouts to make."""

    split: Split = Split.TEST
    """Episodes to start from."""
    horizon: int = 50
    """Steps to predict; may exceed the training horizon."""
    starts: int | None = None
    """Number of starts, spread evenly; unset: every start."""
    reencode_every: int | None = None
    """Decode and encode again every so many steps; 0 never; unset: as the model says."""
    batch_size: int = 1024
    """Rollouts per call of the device."""

    def __post_init__(self) -> None:
        at_least("predict", 1, horizon=self.horizon, batch_size=self.batch_size)
        if self.reencode_every is not None:
            at_least("predict", 0, reencode_every=self.reencode_every)
        if self.starts is not None:
            at_least("predict", 1, starts=self.starts)


@dataclass(frozen=True, kw_only=True)
class LongRunConfig:
    """Long-run statistics: one free rollout per episode, against the whole episode."""

    burn_in: int = 0
    """Steps at the start of an episode that are predicted, but not compared."""
    min_steps: int = 500
    """Episodes with fewer compared steps are too short, and left out."""
    histogram_dims: int = 5
    """D_stsp compares histograms up to so many coordinates, beyond Gaussian mixtures."""
    bins: int = 30
    """Bins of the histogram per coordinate."""
    margin: float = 0.1
    """Standard deviations that the bins reach beyond the range of the episode."""
    pseudo_count: float = 1e-5
    """Visits that every bin is given besides its own (Laplace smoothing)."""
    variance: float = 1.0
    """Of each kernel of the mixtures, in training variances."""
    draws: int = 1000
    """Points drawn from the mixture of the truth."""
    smoothing: float = 20.0
    """Standard deviation of the Gaussian that smooths power spectra, frequency bins."""

    def __post_init__(self) -> None:
        at_least("long_run", 0, burn_in=self.burn_in, smoothing=self.smoothing)
        at_least("long_run", 2, min_steps=self.min_steps, bins=self.bins)
        at_least("long_run", 0, histogram_dims=self.histogram_dims)
        at_least("long_run", 1, draws=self.draws)
        above("long_run", 0, margin=self.margin, pseudo_count=self.pseudo_count)
        above("long_run", 0, variance=self.variance)
        if self.bins**self.histogram_dims >= 2**62:
            raise ConfigError(
                f"long_run: {self.bins} bins in each of {self.histogram_dims} coordinates "
                "are too many to count; lower bins or histogram_dims"
            )


@dataclass(frozen=True, kw_only=True)
class EvalConfig:
    """The protocol of an evaluation."""

    split: Split = Split.TEST
    """Episodes to evaluate on."""
    horizons: tuple[int, ...] = (1, 10, 50, 100)
    """Steps ahead at which errors are reported."""
    stride: int | None = None
    """Steps between two starts; unset: the smallest that keeps max_starts."""
    max_starts: int = 10_000
    """Bound on the number of starts when stride is unset."""
    reencode_every: int | None = None
    """Decode and encode again every so many steps; 0 never; unset: as the model says."""
    reencode_sweep: tuple[int, ...] = ()
    """Values of that to compare besides; 0 never."""
    divergence_factor: float = 10.0
    """A rollout has diverged when it leaves the training range by this many ranges."""
    angle_cols: tuple[str, ...] = ()
    """Dimensions that are angles: `theta` (radians), or `theta=360` for that full turn."""
    valid_threshold: float = 0.5
    """A prediction is valid until its NRMSE exceeds this."""
    lyapunov_exponent: float | None = None
    """Largest exponent of the system, 1/s: times are given in its inverse too."""
    long_run: LongRunConfig | None = None
    """How long-run statistics are made; unset: there are none."""
    bootstrap: int = 1000
    """Draws of episodes behind the confidence intervals; 0: no intervals."""
    confidence: float = 0.95
    """Share of the draws within an interval."""
    seed: int = 0
    """Of these draws."""
    batch_size: int = 1024
    """Rollouts per call of the device."""

    def __post_init__(self) -> None:
        if not self.horizons:
            raise ConfigError("eval.horizons must name at least one horizon")
        for horizon in self.horizons:
            at_least("eval", 1, horizons=horizon)
        if self.stride is not None:
            at_least("eval", 1, stride=self.stride)
        at_least("eval", 1, max_starts=self.max_starts, batch_size=self.batch_size)
        if self.reencode_every is not None:
            at_least("eval", 0, reencode_every=self.reencode_every)
        for every in self.reencode_sweep:
            at_least("eval", 0, reencode_sweep=every)
        above("eval", 0, divergence_factor=self.divergence_factor)
        above("eval", 0, valid_threshold=self.valid_threshold)
        at_least("eval", 0, bootstrap=self.bootstrap, seed=self.seed)
        if self.lyapunov_exponent is not None:
            above("eval", 0, lyapunov_exponent=self.lyapunov_exponent)
        above("eval", 0, confidence=self.confidence)
        if self.confidence >= 1:
            raise ConfigError(f"eval.confidence must be below 1, got {self.confidence}")


@dataclass(frozen=True, kw_only=True)
class SimulateConfig:
    """How whole episodes are simulated."""

    split: Split = Split.TEST
    """Episodes to simulate."""
    n_init: int | None = None
    """Samples given at the start of an episode, not scored; unset: the fewest possible."""
    reencode_every: int | None = None
    """Decode and encode again every so many steps; 0 never; unset: as the model says."""

    def __post_init__(self) -> None:
        if self.n_init is not None:
            at_least("simulate", 1, n_init=self.n_init)
        if self.reencode_every is not None:
            at_least("simulate", 0, reencode_every=self.reencode_every)


@dataclass(frozen=True, kw_only=True)
class DataMapConfig:
    """What the windows of a data map are called."""

    share: float = 0.1
    """Share of the windows with the largest mean that is hard; likewise ambiguous."""
    fence: float = 1.5
    """Interquartile ranges above the upper quartile from which an error is far off."""

    def __post_init__(self) -> None:
        above("data_map", 0, share=self.share, fence=self.fence)
        if self.share >= 1:
            raise ConfigError(f"data_map.share must be below 1, got {self.share}")


@dataclass(frozen=True, kw_only=True)
class InspectConfig:
    """How a spectrum is held against data."""

    split: Split = Split.TEST
    """Episodes that judge the modes; the others are not looked at."""
    tolerance: float = 0.05
    """A mode is verified if its residual is below this, the whole interval of it."""
    max_pairs: int = 4000
    """Bound on the transitions that are looked at, spread evenly over the split."""
    lags: tuple[int, ...] = (1, 2, 5, 10, 20, 50, 100)
    """Steps ahead at which residuals are reported, up to the training horizon."""
    resamples: int = 500
    """Bootstrap samples of the episodes."""
    confidence: float = 0.95
    """Probability of the intervals."""
    grid: int = 33
    """Points of the pseudospectrum from -1.1 to 1.1, and half as many upwards."""
    probes: int = 32
    """States at which derivatives and perturbations are measured."""
    seed: int = 0
    """Draws bootstrap samples, probes and directions."""

    def __post_init__(self) -> None:
        above("inspect", 0, tolerance=self.tolerance)
        at_least("inspect", 2, max_pairs=self.max_pairs, grid=self.grid)
        at_least("inspect", 1, resamples=self.resamples, probes=self.probes)
        if not self.lags or self.lags[0] != 1 or list(self.lags) != sorted(self.lags):
            raise ConfigError("inspect.lags must rise and start with 1")
        if not 0 < self.confidence < 1:
            raise ConfigError("inspect.confidence must lie between 0 and 1")
