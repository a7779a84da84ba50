"""From a configuration to an untrained model: the registry of model kinds."""

import copy
from collections.abc import Callable
from typing import TypeVar

from jaxtyping import PRNGKeyArray

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dssm import DssmModel
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.gru import GruModel
from koopcli.model.kfc import KfcModel
from koopcli.model.koopman import KoopmanModel
from koopcli.model.mlp import MlpModel
from koopcli.model.transformer import TransformerModel

Model = TypeVar("Model", bound=DynamicsModel)
KINDS: dict[ModelKind, Callable[..., DynamicsModel]] = {
    ModelKind.KOOPMAN: KoopmanModel,
    ModelKind.MLP: MlpModel,
    ModelKind.GRU: GruModel,
    ModelKind.TRANSFORMER: TransformerModel,
    ModelKind.DSSM: DssmModel,
    ModelKind.EDMDC: EdmdcModel,
    ModelKind.KFC: KfcModel,
}
"""Every class takes `(config, dims, *, key)`."""


def build(config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray) -> DynamicsModel:
    """Build an untrained model whose normalisers do nothing yet."""
    return KINDS[config.kind](config, dims, key=key)


def reconfigured(model: Model, config: ModelConfig) -> Model:
    """Return `model` with other settings, which its arrays must fit."""
    copied = copy.copy(model)
    # Modules are frozen once they are built; this one is nobody's yet.
    object.__setattr__(copied, "config", config)
    return copied
