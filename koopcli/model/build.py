"""From a configuration to an untrained model: the registry of model kinds."""

from collections.abc import Callable

from jaxtyping import PRNGKeyArray

from koopcli.config import ModelConfig, ModelKind
from koopcli.model.dynamics import Dimensions, DynamicsModel
from koopcli.model.koopman import KoopmanModel

KINDS: dict[ModelKind, Callable[..., DynamicsModel]] = {ModelKind.KOOPMAN: KoopmanModel}
"""Every class takes `(config, dims, *, key)`."""


def build(config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray) -> DynamicsModel:
    """Build an untrained model whose normalisers do nothing yet."""
    return KINDS[config.kind](config, dims, key=key)
