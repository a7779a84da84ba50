"""The named choices of settings."""

import enum


class Logger(enum.StrEnum):
    """Where a run logs besides its folder."""

    TENSORBOARD = "tensorboard"
    WANDB = "wandb"


class Sampler(enum.StrEnum):
    """How a sweep chooses settings: from what it has seen, by chance, or all in turn."""

    TPE = "tpe"
    RANDOM = "random"
    GRID = "grid"


class Pruner(enum.StrEnum):
    """Which trials of a sweep are stopped early."""

    MEDIAN = "median"
    HALVING = "halving"
    NONE = "none"


class ModelKind(enum.StrEnum):
    """What predicts: the Koopman model, or one of those it is compared with."""

    KOOPMAN = "koopman"
    MLP = "mlp"
    GRU = "gru"
    TRANSFORMER = "transformer"
    DSSM = "dssm"
    EDMDC = "edmdc"
    KFC = "kfc"


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
    FUSED = "fused"


class Precision(enum.StrEnum):
    """In which numbers the products of networks are computed in training."""

    FLOAT32 = "float32"
    BF16 = "bf16"


class Method(enum.StrEnum):
    """How gradients become steps."""

    MUON = "muon"
    ADAMW = "adamw"


class Remat(enum.StrEnum):
    """Whether a gradient is added up slice by slice, which takes less memory."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


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


class Symmetry(enum.StrEnum):
    """How `koopcli augment` moves states; equations in docs/augmentation.md."""

    HOMOGENEOUS = "homogeneous"
    GAUSSIAN = "gaussian"
    COMMUTE = "commute"
    FLOW = "flow"
    EQUIVARIANT = "equivariant"
    KFC = "kfc"
    KFC_PLUS = "kfc++"


class Unit(enum.StrEnum):
    """What is moved in one piece."""

    TRANSITION = "transition"
    TRAJECTORY = "trajectory"


class Directions(enum.StrEnum):
    """Where symmetries may point: where states lie in latent space, or anywhere."""

    IMAGE = "image"
    FREE = "free"


class Rewards(enum.StrEnum):
    """Whether rewards stay, or change as the reward head says."""

    KEEP = "keep"
    MODEL = "model"
