"""From a configuration to an untrained model: the registry of model kinds."""

from collections.abc import Callable

from jaxtyping import PRNGKeyArray

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.dssm import DssmModel
from koopcli.model.dynamics import Dimensions, DynamicsModel
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.gru import GruModel
from koopcli.model.koopman import KoopmanModel
from koopcli.model.mlp import MlpModel
from koopcli.model.transformer import TransformerModel

KINDS: dict[ModelKind, Callable[..., DynamicsModel]] = {
    ModelKind.KOOPMAN: KoopmanModel,
    ModelKind.MLP: MlpModel,
    ModelKind.GRU: GruModel,
    ModelKind.TRANSFORMER: TransformerModel,
    ModelKind.DSSM: DssmModel,
    ModelKind.EDMDC: EdmdcModel,
}
"""Every class takes `(config, dims, *, key)`."""


def build(config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray) -> DynamicsModel:
    """Build an untrained model whose normalisers do nothing yet."""
    return KINDS[config.kind](config, dims, key=key)
