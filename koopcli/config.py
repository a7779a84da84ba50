"""All settings, as frozen dataclasses. The only place where a default is written.

Imports nothing but the standard library, so that `--help` can show every default
without loading JAX.
"""

import enum
from dataclasses import dataclass, field

from koopcli.errors import ConfigError


class Logger(enum.StrEnum):
    """Where a run logs besides its folder."""

    TENSORBOARD = "tensorboard"
    WANDB = "wandb"


class ModelKind(enum.StrEnum):
    """What predicts: the Koopman model, or one of those it is compared with."""

    KOOPMAN = "koopman"
    MLP = "mlp"
    GRU = "gru"
    TRANSFORMER = "transformer"
    DSSM = "dssm"
    EDMDC = "edmdc"


KIND_DEFAULTS: dict[ModelKind, dict[str, object]] = {
    # Gradients through a long chain of one-step maps explode. Mondal et al. train this
    # model on at most 10 steps; 20 measured better here.
    # Its reward head shares nothing with the states: more weight only bent these.
    ModelKind.MLP: {"train.horizon": 20, "loss.reward": 0.1},
    ModelKind.GRU: {"train.horizon": 100},
    # Attention does not bear the peak of the others; 4e-3 measured better than 1e-3.
    ModelKind.TRANSFORMER: {"train.horizon": 100, "optimizer.learning_rate": 4e-3},
    ModelKind.DSSM: {"train.horizon": 100},
    ModelKind.EDMDC: {"train.horizon": 100},
}
"""Defaults that differ from those below, by kind and dotted name."""


MAX_DEPTH = 100
"""Most hidden layers of a network."""


REENCODE_EVERY: dict[ModelKind, int | None] = {
    ModelKind.KOOPMAN: 10,
    ModelKind.EDMDC: None,
}
"""What an unset `model.reencode_every` means: edmdc chooses, the others never do."""


class Stability(enum.StrEnum):
    """How the moduli of the eigenvalues are kept in check."""

    STRICT = "strict"
    SOFT = "soft"
    FREE = "free"


class Initialisation(enum.StrEnum):
    """Named starting points of the eigenvalues; equations in docs/model.md."""

    ROTATION = "rotation"
    CONSTANT_DECAY = "constant-decay"
    DECAY_RANGE = "decay-range"
    RING = "ring"


class Discretisation(enum.StrEnum):
    """Zero-order hold of a continuous-time system, or discrete time directly."""

    ZOH = "zoh"
    NONE = "none"


class Observables(enum.StrEnum):
    """What EDMDc lifts a state to, besides the state itself."""

    FOURIER = "fourier"
    POLYNOMIAL = "polynomial"


class Unroll(enum.StrEnum):
    """How x[t+1] = Λ x[t] + c[t] is computed over a horizon."""

    AUTO = "auto"
    CONV = "conv"
    SCAN = "scan"
    ASSOCIATIVE = "associative"


class Device(enum.StrEnum):
    """Where to compute."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


class ActionAlign(enum.StrEnum):
    """Whether a row's action leads from its observation, or led to it."""

    LEAD = "lead"
    LAG = "lag"


class TimeUnit(enum.StrEnum):
    """The unit of a time column."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


class ExportFormat(enum.StrEnum):
    """Formats that a dataset file can be given back in."""

    MINARI = "minari"
    D4RL = "d4rl"
    CSV = "csv"
    PARQUET = "parquet"


class ModeOrder(enum.StrEnum):
    """What comes first among the modes of a spectrum."""

    DECAY = "decay"
    ENERGY = "energy"
    RESIDUAL = "residual"


class Split(enum.StrEnum):
    """A part of the dataset, by whole episodes."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def _at_least(owner: str, minimum: float, **values: float) -> None:
    for name, value in values.items():
        if not value >= minimum:
            raise ConfigError(f"{owner}.{name} must be >= {minimum:g}, got {value!r}")


def _at_most(owner: str, maximum: float, **values: float) -> None:
    for name, value in values.items():
        if not value <= maximum:
            raise ConfigError(f"{owner}.{name} must be <= {maximum:g}, got {value!r}")


def _above(owner: str, minimum: float, **values: float) -> None:
    for name, value in values.items():
        if not value > minimum:
            raise ConfigError(f"{owner}.{name} must be > {minimum:g}, got {value!r}")


def _fraction(owner: str, **values: float) -> None:
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise ConfigError(f"{owner}.{name} must lie in [0, 1], got {value!r}")


@dataclass(frozen=True, kw_only=True)
class IngestConfig:
    """How foreign trajectories become a dataset file."""

    format: str = "auto"
    """Name of a reader, or `auto` to detect it."""
    dt: float | None = None
    """Seconds between two observations; unset: from the source if it knows, else 1."""
    val_fraction: float = 0.1
    """Share of the episodes for validation."""
    test_fraction: float = 0.1
    """Share of the episodes for the final test."""
    seed: int = 0
    """Seed of the split."""
    min_length: int = 1
    """Drop (and count) episodes with fewer steps than this."""
    max_episode_steps: int | None = None
    """Time limit of the environment, for files that do not mark time-outs."""
    obs_keys: tuple[str, ...] = ()
    """Observations to use, where a format has several by name; unset: all vectors."""
    obs_cols: tuple[str, ...] = ()
    """Observation columns of a table: names, patterns (y*) or numbers from 0."""
    action_cols: tuple[str, ...] = ()
    """Action columns of a table, given likewise."""
    reward_col: str | None = None
    """Reward column of a table."""
    terminal_col: str | None = None
    """Column of a table that is true where the system ended by itself."""
    timeout_col: str | None = None
    """Column of a table that is true where only the recording ended."""
    episode_col: str | None = None
    """Column of a table that tells episodes apart."""
    time_col: str | None = None
    """Time column of a table."""
    time_unit: TimeUnit | None = None
    """Unit of the time column; unset: from its name (t_ms), else seconds."""
    split_col: str | None = None
    """Column of a table that says train, val or test."""
    train_rows: tuple[str, ...] = ()
    """Rows first:stop of a table for training, from 0; each range is one episode."""
    val_rows: tuple[str, ...] = ()
    """Rows for validation, given likewise."""
    test_rows: tuple[str, ...] = ()
    """Rows for the final test, given likewise."""
    action_align: ActionAlign = ActionAlign.LEAD
    """lead: a row's action leads from its observation; lag: it led to it."""
    resample: float | None = None
    """Seconds between two observations to interpolate a table to; unset: refuse uneven."""
    subsample: int = 1
    """Keep every so many observations; rewards in between are added up."""
    delay_embed: int = 1
    """Join so many observations, and the actions between them, into one."""
    delay_lag: int = 1
    """Steps between two observations that delay_embed joins."""
    episodes: str | None = None
    """Episodes to keep, by number from 0, such as 0,4,10:20; unset: all."""
    max_episodes: int | None = None
    """Keep no more episodes than this."""
    min_return: float | None = None
    """Drop (and count) episodes with a smaller sum of rewards."""
    max_return: float | None = None
    """Drop (and count) episodes with a larger sum of rewards."""
    drop_terminated: bool = False
    """Drop (and count) episodes that ended by themselves, not by a time limit."""

    def __post_init__(self) -> None:
        for name in ("dt", "resample"):
            value = getattr(self, name)
            if value is not None:
                _above("ingest", 0, **{name: value})
                if value == float("inf"):
                    raise ConfigError(f"ingest.{name} must be finite")
        if self.dt is not None and self.resample is not None:
            raise ConfigError("ingest.dt and ingest.resample exclude each other")
        _at_least(
            "ingest",
            1,
            subsample=self.subsample,
            delay_embed=self.delay_embed,
            delay_lag=self.delay_lag,
        )
        if self.delay_lag > 1 and self.delay_embed == 1:
            raise ConfigError(
                "ingest.delay_lag means nothing without ingest.delay_embed of 2 or more"
            )
        if self.max_episodes is not None:
            _at_least("ingest", 1, max_episodes=self.max_episodes)
        _at_least("ingest", 0, seed=self.seed)
        _fraction(
            "ingest", val_fraction=self.val_fraction, test_fraction=self.test_fraction
        )
        if self.val_fraction + self.test_fraction >= 1:
            raise ConfigError(
                "ingest.val_fraction + ingest.test_fraction must stay below 1: "
                "some episodes must remain for training"
            )
        _at_least("ingest", 1, min_length=self.min_length)
        if self.max_episode_steps is not None:
            _at_least("ingest", 1, max_episode_steps=self.max_episode_steps)


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How the episodes of a dataset file are split anew."""

    val_fraction: float = 0.1
    """Share of the episodes for validation."""
    test_fraction: float = 0.1
    """Share of the episodes for the final test; means nothing with kfold."""
    seed: int = 0
    """Seed of the split."""
    by_source: bool = False
    """Whether all episodes of a source file stay together; shares are shares of files."""
    kfold: int | None = None
    """Number of folds; unset: shares."""
    fold: int | None = None
    """The fold, from 0, that becomes the test split."""

    def __post_init__(self) -> None:
        _at_least("split", 0, seed=self.seed)
        _fraction(
            "split", val_fraction=self.val_fraction, test_fraction=self.test_fraction
        )
        if self.val_fraction + self.test_fraction >= 1:
            raise ConfigError(
                "split.val_fraction + split.test_fraction must stay below 1: "
                "some episodes must remain for training"
            )
        if (self.kfold is None) != (self.fold is None):
            raise ConfigError("split.kfold and split.fold go together")
        if self.kfold is not None and self.fold is not None:
            _at_least("split", 2, kfold=self.kfold)
            if not 0 <= self.fold < self.kfold:
                raise ConfigError(
                    f"split.fold must lie in 0 to {self.kfold - 1}, got {self.fold}"
                )


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The shape of the model."""

    kind: ModelKind = ModelKind.KOOPMAN
    """Which model."""
    latent_dim: int = 128
    """Number m of complex latents."""
    encoder_width: int = 256
    """Hidden units of the state encoder."""
    encoder_depth: int = 2
    """Hidden layers of the state encoder."""
    decoder_width: int = 256
    """Hidden units of the decoder and of the reward head."""
    decoder_depth: int = 2
    """Hidden layers of the decoder and of the reward head."""
    action_width: int = 128
    """Hidden units of the action encoder."""
    action_depth: int = 1
    """Hidden layers of the action encoder; 0 makes it linear."""
    skip: bool = True
    """Linear paths beside each network."""
    discretisation: Discretisation = Discretisation.ZOH
    """Continuous-time eigenvalues under zero-order hold, or discrete ones (none)."""
    init: Initialisation = Initialisation.RING
    """Starting point of the eigenvalues."""
    stability: Stability = Stability.STRICT
    """strict: |λ| <= 1 by construction; soft: a penalty; free: nothing."""
    ring_min: float = 0.8
    """Smallest modulus of the ring initialisation."""
    ring_max: float = 0.999
    """Largest modulus of the ring initialisation."""
    ring_max_phase: float = 3.141592653589793
    """Largest phase of the ring initialisation, in radians per step."""
    time_step: float | None = None
    """Initial value of the learnable time step Δ; unset: 1 / latent_dim."""
    input_normalisation: bool = True
    """Start with input gains √(1-|λ|²), so that every mode has unit variance."""
    reencode_every: int | None = None
    """Steps between re-encodings in training; 0 never; unset: see REENCODE_EVERY."""
    rollout_every: int | None = None
    """Steps between re-encodings in rollouts; unset: chosen on validation data."""
    gate: bool = True
    """Whether a learned gate lets latents survive a re-encoding in part (koopman)."""
    width: int = 256
    """Hidden units of the models other than koopman."""
    depth: int = 2
    """Hidden layers or blocks of the models other than koopman."""
    heads: int = 4
    """Attention heads of the transformer; width must be a multiple of 2 * heads."""
    params: int | None = None
    """Number of parameters to come close to; unset: the widths as they are."""
    observables: Observables = Observables.FOURIER
    """Functions of the state that edmdc is linear in, besides the state itself."""
    features: int = 500
    """Random Fourier features of edmdc."""
    degree: int = 2
    """Largest degree of the polynomials of edmdc; 1 is a linear model."""
    ridge: float | None = None
    """Ridge penalty of edmdc, in variances; unset: chosen on validation data."""
    unroll: Unroll = Unroll.AUTO
    """How the recurrence is computed; auto picks by backend."""

    def __post_init__(self) -> None:
        _at_least(
            "model",
            1,
            latent_dim=self.latent_dim,
            encoder_width=self.encoder_width,
            decoder_width=self.decoder_width,
            action_width=self.action_width,
        )
        _at_least(
            "model",
            0,
            encoder_depth=self.encoder_depth,
            decoder_depth=self.decoder_depth,
            action_depth=self.action_depth,
            features=self.features,
            ridge=self.ridge or 0,
            reencode_every=self.reencode_every or 0,
            rollout_every=self.rollout_every or 0,
        )
        # Also what a damaged model file may claim: each layer is built in turn.
        _at_most(
            "model",
            MAX_DEPTH,
            encoder_depth=self.encoder_depth,
            decoder_depth=self.decoder_depth,
            action_depth=self.action_depth,
            depth=self.depth,
        )
        _at_least("model", 1, degree=self.degree)
        _at_least("model", 1, width=self.width, depth=self.depth, heads=self.heads)
        if self.params is not None:
            _at_least("model", 1, params=self.params)
        if self.kind is ModelKind.TRANSFORMER and self.width % (2 * self.heads):
            raise ConfigError(
                "model.width must be a multiple of 2 * model.heads, because each head "
                f"turns pairs of units; got width {self.width}, heads {self.heads}"
            )
        if not 0 < self.ring_min <= self.ring_max < 1:
            raise ConfigError(
                "model.ring_min and model.ring_max must satisfy "
                f"0 < ring_min <= ring_max < 1, got {self.ring_min}, {self.ring_max}"
            )
        _above("model", 0, ring_max_phase=self.ring_max_phase)
        if self.time_step is not None:
            _above("model", 0, time_step=self.time_step)


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Weights of the loss terms; each term is a mean over standardised units."""

    prediction: float = 1.0
    """Weight of the multi-step state prediction."""
    consistency: float = 0.1
    """Weight of the latent consistency |x̂[t+k] - encode(s[t+k])|²."""
    reconstruction: float = 0.1
    """Weight of |decode(encode(s)) - s|²."""
    reward: float = 1.0
    """Weight of the reward prediction, where the data has rewards."""
    one_step: float = 0.3
    """Weight of one-step predictions from measured states inside the window."""
    instability: float = 1.0
    """Weight of the penalty on |λ| > 1 when stability is soft."""
    stop_gradient: bool = False
    """Whether the consistency target is held fixed."""
    decode_fraction: float = 0.1
    """Share of each window's time steps that is decoded, drawn anew at every step."""

    def __post_init__(self) -> None:
        _at_least(
            "loss",
            0,
            prediction=self.prediction,
            consistency=self.consistency,
            reconstruction=self.reconstruction,
            reward=self.reward,
            one_step=self.one_step,
            instability=self.instability,
        )
        _above("loss", 0, decode_fraction=self.decode_fraction)
        _fraction("loss", decode_fraction=self.decode_fraction)


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW with warm-up, cosine decay and global-norm clipping."""

    learning_rate: float = 8e-3
    """Peak step size, reached after warm-up."""
    eigenvalue_rate: float = 2.0
    """Step size of the eigenvalue parameters, as a share of learning_rate."""
    final_rate: float = 0.01
    """Step size at the end, as a share of learning_rate."""
    warmup: float = 0.02
    """Share of the steps over which the step size rises from zero."""
    weight_decay: float = 1e-4
    """Decoupled weight decay; eigenvalue parameters have none."""
    beta2: float = 0.99
    """Memory of the second moment; less than the usual 0.999, for high step sizes."""
    clip_norm: float = 1.0
    """Largest global norm of the gradient."""

    def __post_init__(self) -> None:
        _above(
            "optimizer", 0, learning_rate=self.learning_rate, clip_norm=self.clip_norm
        )
        _at_least(
            "optimizer",
            0,
            eigenvalue_rate=self.eigenvalue_rate,
            weight_decay=self.weight_decay,
        )
        _fraction("optimizer", final_rate=self.final_rate, warmup=self.warmup)
        if not 0 <= self.beta2 < 1:
            raise ConfigError(f"optimizer.beta2 must lie in [0, 1), got {self.beta2}")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and on what a model is fitted."""

    steps: int = 10_000
    """Gradient steps."""
    batch_size: int = 64
    """Windows per gradient step."""
    horizon: int = 50
    """Steps predicted from the first state of each window."""
    seed: int = 0
    """Seed of the parameters and of the sampling."""
    dispatch_steps: int = 25
    """Gradient steps per call of the device."""
    eval_every: int = 500
    """Steps between two validations."""
    val_windows: int = 512
    """Largest number of validation windows."""
    checkpoint_every: int = 0
    """Steps between two checkpoints; 0: only by time, at the end, and when stopped."""
    checkpoint_minutes: float = 5.0
    """Minutes between two checkpoints; 0: never by time."""
    keep: int = 2
    """Newest checkpoints that are kept; 0 keeps all."""
    max_bad_steps: int = 10
    """Steps in a row that may be skipped because their loss or gradient is not finite."""
    max_loss_growth: float = 1000.0
    """The run stops if its loss grows to so many times its lowest; 0 never stops."""
    patience: int = 0
    """Validations without improvement after which training stops; 0 never stops."""
    deterministic: bool = False
    """Only operations that give the same bits every time on a GPU too; slower."""
    memory_budget: int | None = None
    """Bytes that training data may take, else it is read from disk; unset: a quarter."""

    def __post_init__(self) -> None:
        _at_least(
            "train",
            1,
            steps=self.steps,
            batch_size=self.batch_size,
            horizon=self.horizon,
            dispatch_steps=self.dispatch_steps,
            eval_every=self.eval_every,
            val_windows=self.val_windows,
        )
        _at_least(
            "train",
            0,
            seed=self.seed,
            checkpoint_every=self.checkpoint_every,
            checkpoint_minutes=self.checkpoint_minutes,
            keep=self.keep,
            max_bad_steps=self.max_bad_steps,
            max_loss_growth=self.max_loss_growth,
            patience=self.patience,
        )
        if self.max_loss_growth:
            _at_least("train", 1, max_loss_growth=self.max_loss_growth)
        if self.memory_budget is not None:
            _at_least("train", 1, memory_budget=self.memory_budget)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything `koopcli train` can be told, by section."""

    model: ModelConfig = field(default_factory=ModelConfig)
    """The shape of the model."""
    loss: LossConfig = field(default_factory=LossConfig)
    """The training objective."""
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    """The optimiser."""
    train: TrainConfig = field(default_factory=TrainConfig)
    """The training run."""


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
        _at_least("predict", 1, horizon=self.horizon, batch_size=self.batch_size)
        if self.reencode_every is not None:
            _at_least("predict", 0, reencode_every=self.reencode_every)
        if self.starts is not None:
            _at_least("predict", 1, starts=self.starts)


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
    """Largest exponent of the system, 1/s: the valid time is given in its inverse too."""
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
            _at_least("eval", 1, horizons=horizon)
        if self.stride is not None:
            _at_least("eval", 1, stride=self.stride)
        _at_least("eval", 1, max_starts=self.max_starts, batch_size=self.batch_size)
        if self.reencode_every is not None:
            _at_least("eval", 0, reencode_every=self.reencode_every)
        for every in self.reencode_sweep:
            _at_least("eval", 0, reencode_sweep=every)
        _above("eval", 0, divergence_factor=self.divergence_factor)
        _above("eval", 0, valid_threshold=self.valid_threshold)
        _at_least("eval", 0, bootstrap=self.bootstrap, seed=self.seed)
        if self.lyapunov_exponent is not None:
            _above("eval", 0, lyapunov_exponent=self.lyapunov_exponent)
        _above("eval", 0, confidence=self.confidence)
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
            _at_least("simulate", 1, n_init=self.n_init)
        if self.reencode_every is not None:
            _at_least("simulate", 0, reencode_every=self.reencode_every)


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
        _above("inspect", 0, tolerance=self.tolerance)
        _at_least("inspect", 2, max_pairs=self.max_pairs, grid=self.grid)
        _at_least("inspect", 1, resamples=self.resamples, probes=self.probes)
        if not self.lags or self.lags[0] != 1 or list(self.lags) != sorted(self.lags):
            raise ConfigError("inspect.lags must rise and start with 1")
        if not 0 < self.confidence < 1:
            raise ConfigError("inspect.confidence must lie between 0 and 1")


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
            _at_least("budget", 1, steps=self.steps)
        if self.seconds is not None:
            _above("budget", 0, seconds=self.seconds)
            if self.seconds == float("inf"):
                raise ConfigError("budget.seconds must be finite")


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Which models are compared, and what each of them gets."""

    models: tuple[ModelKind, ...] = tuple(ModelKind)
    """Kinds of model to train."""
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
            _at_least("compare", 0, seeds=seed)
        for horizon in self.horizons:
            _at_least("compare", 1, horizons=horizon)
        if self.params is not None:
            _at_least("compare", 1, params=self.params)
