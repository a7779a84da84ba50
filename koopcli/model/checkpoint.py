"""A model in one file: a line of JSON, then the arrays. Never pickle.

The header holds everything needed to rebuild the model's structure and to use it without
its dataset; the leaves follow in the order of the structure, as `eqx.tree_serialise_leaves`
writes them. docs/reference/run-folder.md describes the file.
"""

import dataclasses
import io
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import equinox as eqx
import jax
import numpy as np

from koopcli import __version__
from koopcli.config import (
    Discretisation,
    Initialisation,
    ModelConfig,
    ModelKind,
    Observables,
    Stability,
    Unroll,
)
from koopcli.errors import ConfigError, ModelError
from koopcli.files import replacing
from koopcli.model.build import build
from koopcli.model.dynamics import Dimensions, DynamicsModel

FORMAT = "koopcli.model"
FORMAT_VERSION = 2
MAX_HEADER_BYTES = 16 * 2**20
LEAF_OVERHEAD = 1024
_ENUMS = {
    "kind": ModelKind,
    "init": Initialisation,
    "stability": Stability,
    "discretisation": Discretisation,
    "observables": Observables,
    "unroll": Unroll,
}


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


def save(path: Path, model: DynamicsModel, meta: ModelMeta) -> None:
    """Write `model` to `path` in one piece."""
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "koopcli_version": __version__,
        "meta": dataclasses.asdict(meta),
    }
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(json.dumps(header, allow_nan=False).encode() + b"\n")
        eqx.tree_serialise_leaves(file, model)


def load(path: Path) -> SavedModel:
    """Read a model that `save` wrote.

    Raises:
        ModelError: The file is missing, foreign, damaged, or of another version.
    """
    try:
        with open(path, "rb") as file:
            meta = _read_header(path, file)
            skeleton = eqx.filter_eval_shape(
                build, meta.model_config, meta.dimensions, key=jax.random.key(0)
            )
            return SavedModel(_read_leaves(path, file, skeleton), meta)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the model file ({error})") from error


def _read_header(path: Path, file: BinaryIO) -> ModelMeta:
    line = file.readline(MAX_HEADER_BYTES)
    try:
        header = json.loads(line)
        known = header["format"] == FORMAT
        version = header["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        known, version = False, None
    if not known:
        raise ModelError(
            f"{path}: not a koopcli model file; give a run folder of `train`"
        )
    if version != FORMAT_VERSION:
        raise ModelError(
            f"{path}: model format version {version!r}; this koopcli "
            f"({__version__}) reads version {FORMAT_VERSION}"
        )
    try:
        return _meta(header["meta"])
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise ModelError(f"{path}: damaged model header ({error})") from error


def _meta(raw: dict[str, Any]) -> ModelMeta:
    config = dict(raw["model_config"])
    # A setting that is newer than the file is missing there and has its default.
    config |= {
        name: kind(config[name]) for name, kind in _ENUMS.items() if name in config
    }
    sequences = {key: tuple(v) for key, v in raw.items() if isinstance(v, list)}
    return ModelMeta(**{**raw, **sequences, "model_config": ModelConfig(**config)})


def _read_leaves(path: Path, file: BinaryIO, skeleton: DynamicsModel) -> DynamicsModel:
    leaves = [leaf for leaf in jax.tree.leaves(skeleton) if hasattr(leaf, "shape")]
    expected = sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in leaves)
    # Compare with what is on disk before anything is allocated: a header may lie.
    content_size = os.fstat(file.fileno()).st_size - file.tell()
    if not expected <= content_size <= expected + LEAF_OVERHEAD * (len(leaves) + 1):
        raise ModelError(
            f"{path}: damaged: {content_size} bytes of parameters, but the header "
            f"describes a model of {expected}"
        )
    stream = io.BytesIO(file.read())
    try:
        model = eqx.tree_deserialise_leaves(stream, skeleton)
    except (ValueError, RuntimeError, EOFError, OSError, SyntaxError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: damaged parameters ({reason})") from error
    if stream.read(1):
        raise ModelError(f"{path}: damaged: more bytes than the model has parameters")
    if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(model)):
        raise ModelError(f"{path}: the model holds NaN or infinite parameters")
    return model
