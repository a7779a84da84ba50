import jax
import jax.numpy as jnp
import numpy as np
import pytest
from bilinear_plant import SMALL, STILL, TURN, plant, turning
from linear_world import model_meta, world

from koopcli.augment.bilinear_model import BilinearModel
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.kfc import KfcModel


@pytest.fixture(scope="module")
def untrained():
    config = ModelConfig(kind=ModelKind.KFC, latent_dim=4, width=8, reencode_every=0)
    meta = model_meta(world(), model_config=config)
    return BilinearModel(KfcModel(config, meta.dimensions, key=jax.random.key(0)), meta)


def test_it_agrees_with_the_model_itself_for_any_leading_axes(untrained):
    model = untrained.model
    states = np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32)
    found = untrained.encode(states)
    expected = model.lift(jnp.asarray(states[1, 2]))
    np.testing.assert_allclose(found[1, 2], expected, atol=1e-6)
    np.testing.assert_allclose(
        untrained.decode(found)[1, 2], model.read(expected), atol=1e-6
    )
    actions = np.full((2, 3, 1), 0.5, np.float32)
    matrix = untrained.drive(actions)[1, 2].reshape(4, 4)
    stepped = model.advance(expected[None], jnp.full((1, 1), 0.5))[0]
    np.testing.assert_allclose(matrix @ found[1, 2], stepped, atol=1e-5)
    reward = untrained.reward(found, actions)
    assert reward.shape == (2, 3)
    np.testing.assert_allclose(
        reward[1, 2], model.reward(expected, jnp.full(1, 0.5)), atol=1e-5
    )


def test_operators_are_those_of_physical_actions():
    model = turning(plant())
    found = model.drive(np.array([[0.0], [2.0]])).reshape(2, 2, 2)
    np.testing.assert_allclose(found, [STILL, STILL + 2 * TURN], atol=1e-6)
    assert found.dtype == np.float64 and model.linear_steps == 1


def test_units_are_physical():
    model = turning(plant())
    states = np.array([[1.0, -2.0]], np.float32)
    np.testing.assert_allclose(model.encode(states), SMALL * states, rtol=1e-5)
    np.testing.assert_allclose(model.decode(SMALL * states), states, rtol=1e-5)
