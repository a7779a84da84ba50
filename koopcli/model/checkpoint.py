"""A model in one file: a line of JSON, then the arrays. Never pickle.

The header holds everything needed to rebuild the model's structure and to use it without
its dataset; the part `model` holds the leaves in the order of the structure, as
`eqx.tree_serialise_leaves` writes them. A checkpoint has a second part, `training`, which
only resuming reads. docs/reference/run-folder.md describes the file.
"""

import dataclasses
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import equinox as eqx
import jax
import numpy as np

from koopcli import __version__, config_file, delays
from koopcli.config.model import ModelConfig
from koopcli.delays import Delays
from koopcli.errors import ConfigError, ModelError
from koopcli.model import container, leaves
from koopcli.model.build import build
from koopcli.model.dynamics import Dimensions, DynamicsModel

FORMAT = "koopcli.model"
FORMAT_VERSION = 3
UNCHECKED_VERSION = 2
"""Had no parts and no checksum: the leaves were the rest of the file."""
MODEL, TRAINING = "model", "training"
LEAF_OVERHEAD = 1024
LAYER_BYTES = 256
"""Fewest bytes of a layer: two arrays, and what describes them."""
FEW = 10
"""Layers that are believed whatever the size of the file."""
MANY = 1000
"""Numbers up to this are believed whatever the size of the file."""


@dataclass(frozen=True, kw_only=True)
class ModelMeta:
    """What a model is and what it was trained on.

    Attributes:
        model_config: Shape of the model.
        observation_names: One name per state dimension.
        action_names: One name per action dimension; empty when autonomous.
        dt: Seconds between two observations.
        dt_known: False when `dt` is a placeholder of 1.
        has_rewards: Whether there is a reward head.
        horizon: Training horizon in steps.
        step: Gradient steps taken.
        observation_min: Smallest training value per dimension, physical units.
        observation_max: Largest training value per dimension.
        observation_scale: Training standard deviation; 1 where constant.
        reward_scale: The same for rewards, if any.
        dataset_sha256: Hash of the dataset file it was trained on.
        delays: Which observations are samples of the past; None if none are.
    """

    model_config: ModelConfig
    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    dt: float
    dt_known: bool
    has_rewards: bool
    horizon: int
    step: int
    observation_min: tuple[float, ...]
    observation_max: tuple[float, ...]
    observation_scale: tuple[float, ...]
    reward_scale: float | None = None
    dataset_sha256: str = ""
    delays: Delays | None = None

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the observations at present: all, unless some are of the past."""
        return self.observation_names if self.delays is None else self.delays.outputs

    @property
    def dimensions(self) -> Dimensions:
        """Sizes the model was built with."""
        return Dimensions(
            state=len(self.observation_names),
            action=len(self.action_names),
            reward=self.has_rewards,
        )


@dataclass(frozen=True)
class SavedModel:
    """A model together with its meta data."""

    model: DynamicsModel
    meta: ModelMeta


def save(
    path: Path, model: DynamicsModel, meta: ModelMeta, training: bytes | None = None
) -> None:
    """Write `model` to `path` in one piece, with what resuming needs if it is given."""
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "koopcli_version": __version__,
        "meta": dataclasses.asdict(meta),
    }
    leaves = io.BytesIO()
    eqx.tree_serialise_leaves(leaves, model)
    parts = {MODEL: leaves.getvalue()}
    container.write(
        path, header, parts if training is None else parts | {TRAINING: training}
    )


def load(path: Path) -> SavedModel:
    """Read a model that `save` wrote.

    Raises:
        ModelError: The file is missing, foreign, damaged, or of another version.
    """
    return _load(path, resumable=False)[0]


def load_training(path: Path) -> tuple[SavedModel, bytes]:
    """Read a checkpoint: a model and what `save` was given besides.

    Raises:
        ModelError: As for `load`; or the file holds only a model.
    """
    saved, training = _load(path, resumable=True)
    if training is None:
        raise ModelError(f"{path}: holds a model, but nothing to resume from")
    return saved, training


def read_meta(path: Path) -> ModelMeta:
    """Read what a model is, without its parameters.

    Raises:
        ModelError: As for `load`, as far as the header shows it.
    """
    try:
        with open(path, "rb") as file:
            header = _header(path, file)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model file ({error})") from error
    return _read_meta(path, header, size)


def _load(path: Path, *, resumable: bool) -> tuple[SavedModel, bytes | None]:
    try:
        with open(path, "rb") as file:
            header = _header(path, file)
            training = None
            if header["format_version"] == UNCHECKED_VERSION:
                content: bytes | None = file.read()
            else:
                content = container.read_part(path, file, header, MODEL)
                if resumable:
                    training = container.read_part(path, file, header, TRAINING)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model file ({error})") from error
    if content is None:
        raise ModelError(f"{path}: damaged: holds no model")
    meta = _read_meta(path, header, len(content))
    return SavedModel(_leaves(path, content, meta), meta), training


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    header = container.read_header(file)
    if header is None or header.get("format") != FORMAT:
        raise ModelError(
            f"{path}: not a koopcli model file; give a run folder of `train`"
        )
    version = header.get("format_version")
    if version not in (UNCHECKED_VERSION, FORMAT_VERSION):
        raise ModelError(
            f"{path}: model format version {version!r}; this koopcli "
            f"({__version__}) reads versions {UNCHECKED_VERSION} and {FORMAT_VERSION}"
        )
    if version != UNCHECKED_VERSION:
        container.check(path, header)
    return header


def _read_meta(path: Path, header: dict[str, Any], size: int) -> ModelMeta:
    try:
        meta = _meta(header["meta"])
    except (
        *(KeyError, TypeError, ValueError, AttributeError, OverflowError),
        ConfigError,
    ) as error:
        raise ModelError(f"{path}: damaged model header ({error})") from error
    # Every unit of a width has parameters. A header that lies about them would have even
    # the model's shapes take forever.
    for name, value in dataclasses.asdict(meta.model_config).items():
        sized = isinstance(value, int) and name != "params"
        if sized and value > max(MANY, size) and not name.endswith("_every"):
            raise ModelError(
                f"{path}: damaged: {name} = {value} describes a model of more than the "
                f"{size} bytes that are there"
            )
        if name.endswith("depth") and value > FEW and value * LAYER_BYTES > size:
            raise ModelError(
                f"{path}: damaged: {name} = {value} layers do not fit into {size} bytes"
            )
    return meta


def _meta(raw: dict[str, Any]) -> ModelMeta:
    # A setting that is newer than the file is missing there and has its default.
    config = {
        name: config_file.convert(f"model.{name}", value, "header", typed=True)
        for name, value in raw["model_config"].items()
    }
    sequences = {key: tuple(v) for key, v in raw.items() if isinstance(v, list)}
    past = delays.parse(raw.get("delays"))
    if past is not None and not past.describes(sequences["observation_names"]):
        raise ValueError("the record of the delays and the observations disagree")
    decoded = {"model_config": ModelConfig(**config), "delays": past}
    meta = ModelMeta(**{**raw, **sequences, **decoded})
    _check_meta(meta)
    return meta


def _check_meta(meta: ModelMeta) -> None:
    for name in (*meta.observation_names, *meta.action_names, meta.dataset_sha256):
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is not text")
    for count in (meta.horizon, meta.step):
        if type(count) is not int or count < 0:
            raise ValueError(f"{count!r} is no number of steps")
    if not isinstance(meta.has_rewards, bool) or not isinstance(meta.dt_known, bool):
        raise TypeError("a flag is neither true nor false")
    ranges = (meta.observation_min, meta.observation_max, meta.observation_scale)
    rest = (meta.dt, 1.0 if meta.reward_scale is None else meta.reward_scale)
    if not all(math.isfinite(number) for row in (*ranges, rest) for number in row):
        raise ValueError("a range is not finite")
    if any(len(row) != len(meta.observation_names) for row in ranges) or meta.dt <= 0:
        raise ValueError("a range or the time step does not fit")


def _leaves(path: Path, content: bytes, meta: ModelMeta) -> DynamicsModel:
    try:
        # Starting values, which the file replaces, may overflow.
        with np.errstate(all="ignore"):
            skeleton = eqx.filter_eval_shape(
                build, meta.model_config, meta.dimensions, key=jax.random.key(0)
            )
    except (ConfigError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path}: damaged model header ({error})") from error
    arrays = [leaf for leaf in jax.tree.leaves(skeleton) if hasattr(leaf, "shape")]
    expected = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in arrays)
    # Compare with what is there before anything is allocated: a header may lie.
    if not expected <= len(content) <= expected + LEAF_OVERHEAD * (len(arrays) + 1):
        raise ModelError(
            f"{path}: damaged: {len(content)} bytes of parameters, but the header "
            f"describes a model of {expected}"
        )
    stream = io.BytesIO(content)
    try:
        model = leaves.read(stream, skeleton)
    except (ValueError, RuntimeError, EOFError, OSError, SyntaxError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: damaged parameters ({reason})") from error
    if stream.read(1):
        raise ModelError(f"{path}: damaged: more bytes than the model has parameters")
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(model)):
        raise ModelError(f"{path}: the model holds NaN or infinite parameters")
    return model
