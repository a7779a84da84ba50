import jax

from koopcli.config import ModelConfig, ModelKind
from koopcli.model.build import KINDS, build
from koopcli.model.dynamics import Dimensions


def test_every_kind_can_be_built():
    assert set(KINDS) == set(ModelKind)
    for kind in ModelKind:
        model = build(
            ModelConfig(kind=kind), Dimensions(2, 1, True), key=jax.random.key(0)
        )
        assert isinstance(model, KINDS[kind]) and model.config.kind is kind
