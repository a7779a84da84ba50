"""A model in one file: a line of JSON, then the arrays. Never pickle.

The header holds everything needed to rebuild the model's structure and to use it without
its dataset; the part `model` holds the leaves in the order of the structure, as
`eqx.tree_serialise_leaves` writes them. A checkpoint has a second part, `training`, which
only resuming reads. docs/reference/run-folder.md describes the file.
"""

import dataclasses
import io
import math
from dataclasses import dataclass
from pathlib import Path

import equinox as eqx
import jax
import numpy as np

from koopcli import __version__
from koopcli.errors import ConfigError, ModelError
from koopcli.model import container, header, leaves
from koopcli.model.build import build
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.header import MODEL, ModelMeta

TRAINING = "training"
LEAF_OVERHEAD = 1024


@dataclass(frozen=True)
class SavedModel:
    """A model together with its meta data."""

    model: DynamicsModel
    meta: ModelMeta


def save(
    path: Path, model: DynamicsModel, meta: ModelMeta, training: bytes | None = None
) -> None:
    """Write `model` to `path` in one piece, with what resuming needs if it is given."""
    described = {
        "format": header.FORMAT,
        "format_version": header.FORMAT_VERSION,
        "koopcli_version": __version__,
        "meta": dataclasses.asdict(meta),
    }
    leaves = io.BytesIO()
    eqx.tree_serialise_leaves(leaves, model)
    parts = {MODEL: leaves.getvalue()}
    container.write(
        path, described, parts if training is None else parts | {TRAINING: training}
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


def _load(path: Path, *, resumable: bool) -> tuple[SavedModel, bytes | None]:
    with header.opened(path) as (file, described):
        training = None
        if resumable and "parts" in described:
            training = container.read_part(path, file, described, TRAINING)
        content = header.model_part(path, file, described)
    meta = header.decode(path, described, len(content))
    return SavedModel(_leaves(path, content, meta), meta), training


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
