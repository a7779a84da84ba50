"""What exactly an evaluation measures; part of every result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from koopcli import __version__
from koopcli.config.choices import Split
from koopcli.config.evaluation import EvalConfig, LongRunConfig
from koopcli.data.store import Dataset
from koopcli.data.windows import Starts, starts

AVERAGING = (
    "errors at horizon h are means over all starts with at least h known steps ahead; "
    "the row 'observations' averages squared errors over dimensions before any root; "
    "intervals come from draws of whole episodes"
)
NORMALISATION = (
    "standard deviation of each dimension in this dataset's training split; 1 where a "
    "dimension is constant"
)


@dataclass(frozen=True)
class Protocol:
    """The settings behind a table of errors, after clipping and defaults.

    Attributes:
        dataset: Path of the dataset file, as given.
        dataset_sha256: Hash of that file.
        split: Episodes evaluated.
        horizons: Steps ahead that are reported.
        stride: Steps between two starts of an episode.
        starts: Number of starts.
        training_horizons: Training horizon of each run, in steps.
        reencode_every: Steps between re-encodings of each run; 0 never.
        divergence_factor: Ranges a rollout may leave the training range by.
        reencode_every_asked: As asked for; None: as each model says.
        reencode_sweep: Values of that which were compared.
        angle_cols: Dimensions whose errors go the short way round.
        valid_threshold: NRMSE at which the valid prediction time ends.
        lyapunov_exponent: Largest exponent of the system, 1/s, if it was given.
        bootstrap: Draws of episodes behind the intervals; 0: none.
        confidence: Share of the draws within an interval.
        seed: Of the draws.
        episodes: Episodes of the split that hold a start.
        batch_size: Most rollouts per call of the device.
        long_run: How the long-run statistics were made; None: there are none.
        state_space_form: `histogram` or `mixture`: which form D_stsp has.
        model_sha256: Hash of the model file of each run.
        dt: Seconds per step.
        dt_known: False when dt is a placeholder.
        device: Where the models ran.
        teacher_forcing: Always `none`: no rollout sees an observation after its first.
        averaging: How errors are averaged, in words.
        normalisation: What NRMSE divides by, in words.
        koopcli_version: Version of this program.
    """

    dataset: str
    dataset_sha256: str
    split: str
    horizons: tuple[int, ...]
    stride: int
    starts: int
    training_horizons: dict[str, int]
    reencode_every: dict[str, int]
    divergence_factor: float
    dt: float
    dt_known: bool
    device: str
    reencode_every_asked: int | None = None
    reencode_sweep: tuple[int, ...] = ()
    angle_cols: tuple[str, ...] = ()
    valid_threshold: float = EvalConfig.valid_threshold
    lyapunov_exponent: float | None = None
    bootstrap: int = EvalConfig.bootstrap
    confidence: float = EvalConfig.confidence
    seed: int = EvalConfig.seed
    batch_size: int = EvalConfig.batch_size
    long_run: LongRunConfig | None = None
    state_space_form: str | None = None
    episodes: int = 0
    model_sha256: dict[str, str] = field(default_factory=dict)
    teacher_forcing: str = "none"
    averaging: str = AVERAGING
    normalisation: str = NORMALISATION
    koopcli_version: str = __version__

    def document(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {
            **asdict(self),
            "horizons": list(self.horizons),
            "angle_cols": list(self.angle_cols),
            "reencode_sweep": list(self.reencode_sweep),
        }


def config_of(document: Mapping[str, Any]) -> EvalConfig:
    """Return the settings that repeat an evaluation, from its `protocol` in JSON."""
    names = (
        "stride",
        "divergence_factor",
        "valid_threshold",
        "bootstrap",
        "confidence",
        "seed",
        "batch_size",
        "lyapunov_exponent",
    )
    long_run = document["long_run"]
    return EvalConfig(
        long_run=None if long_run is None else LongRunConfig(**long_run),
        split=Split(document["split"]),
        horizons=tuple(document["horizons"]),
        angle_cols=tuple(document["angle_cols"]),
        reencode_every=document["reencode_every_asked"],
        reencode_sweep=tuple(document["reencode_sweep"]),
        **{name: document[name] for name in names},
    )


def choose_starts(dataset: Dataset, config: EvalConfig) -> tuple[Starts, int]:
    """Return the starts of an evaluation, and the stride between them.

    Raises:
        DataError: The split holds no start.
    """
    stride = config.stride
    if stride is None:
        lengths = dataset.transitions[dataset.splits[config.split]]
        stride = smallest_stride(lengths, config.max_starts)
    return starts(dataset, config.split, stride=stride), stride


def smallest_stride(lengths: np.ndarray, limit: int) -> int:
    """Return the smallest stride that leaves at most `limit` starts.

    Every episode keeps its first start, so `limit` cannot be met with more episodes
    than that; the result is then the longest length.
    """
    low, high = 1, max(1, int(lengths.max(initial=1)))
    while low < high:
        middle = (low + high) // 2
        if int(np.ceil(lengths / middle).sum()) <= limit:
            high = middle
        else:
            low = middle + 1
    return low


def clip_horizons(wanted: tuple[int, ...], longest: int) -> tuple[int, ...]:
    """Sort the horizons and clip them to the longest that the data allows."""
    return tuple(sorted({min(horizon, longest) for horizon in wanted}))
