import dataclasses

import equinox as eqx
import jax
import pytest

from koopcli.config.choices import ModelKind, Observables
from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError
from koopcli.model import sizes
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.train.optimizer import trainable

DIMS = Dimensions(17, 6, True)


@pytest.mark.parametrize("kind", ModelKind)
def test_what_is_counted_is_what_is_trained(kind, key):
    config = ModelConfig(kind=kind, width=16, latent_dim=8, features=20)
    model = build(config, DIMS, key=key)
    trained = jax.tree.leaves(eqx.filter(model, trainable(model)))
    assert sizes.count(config, DIMS) == sum(leaf.size for leaf in trained)


@pytest.mark.parametrize("kind", ModelKind)
@pytest.mark.parametrize("wanted", [20_000, 300_000])
def test_the_number_comes_close_and_resolving_again_changes_nothing(kind, wanted):
    config = sizes.resolve(ModelConfig(kind=kind, params=wanted), DIMS)
    # The steps of the transformer's width, 2 * heads, are coarse.
    tolerance = 0.2 if kind is ModelKind.TRANSFORMER else sizes.TOLERANCE
    assert sizes.count(config, DIMS) == pytest.approx(wanted, rel=tolerance)
    assert config.params == wanted and sizes.resolve(config, DIMS) == config


def test_proportions_are_kept():
    narrow = ModelConfig(encoder_width=512, action_width=64, params=100_000)
    config = sizes.resolve(narrow, DIMS)
    assert config.encoder_width / config.decoder_width == pytest.approx(2, rel=0.1)
    assert config.encoder_width / config.action_width == pytest.approx(8, rel=0.1)


def test_without_a_number_or_with_one_that_fits_nothing_changes():
    plain = ModelConfig(kind=ModelKind.GRU, width=37)
    assert sizes.resolve(plain, DIMS) is plain
    fitting = dataclasses.replace(plain, params=sizes.count(plain, DIMS) + 1)
    assert sizes.resolve(fitting, DIMS) is fitting


def test_too_few_names_the_fewest():
    config = ModelConfig(kind=ModelKind.TRANSFORMER, params=100)
    with pytest.raises(ConfigError, match="100 is too small; the narrowest") as error:
        sizes.resolve(config, DIMS)
    assert "transformer" in str(error.value) and "2338" in str(error.value)


def test_polynomials_have_no_width():
    config = ModelConfig(
        kind=ModelKind.EDMDC, observables=Observables.POLYNOMIAL, params=10
    )
    with pytest.raises(ConfigError, match="set degree"):
        sizes.resolve(config, DIMS)
