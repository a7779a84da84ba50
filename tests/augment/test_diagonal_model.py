from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from augmentation_parts import latent_model
from linear_plant import TRUE
from linear_world import model_meta, untrained, world

from koopcli.augment import latent_model as module
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.model.build import build


def test_it_agrees_with_the_model_itself_for_any_leading_axes(monkeypatch):
    dataset = world()
    meta = model_meta(dataset)
    model = untrained(meta)
    latent = DiagonalModel(model, meta)
    states = np.random.default_rng(0).normal(size=(2, 3, 3)).astype(np.float32)
    monkeypatch.setattr(module, "ROWS", 4)  # more than one call
    found = latent.encode(states)
    expected = model.encode(jnp.asarray(states[1, 2]))
    np.testing.assert_allclose(found[1, 2], expected, atol=1e-5)
    decoded = model.decode(expected)
    np.testing.assert_allclose(latent.decode(found)[1, 2], decoded, atol=1e-5)
    actions = np.ones((2, 3, 1), np.float32)
    pushed = model.drive(model.action_normaliser.standardise(jnp.ones(1)))
    np.testing.assert_allclose(latent.drive(actions)[0, 1], pushed, atol=1e-5)
    reward = model.reward(expected, jnp.ones(1))
    found_reward = latent.reward(found, actions)[1, 2]
    np.testing.assert_allclose(found_reward, reward, atol=1e-5)


def test_powers_are_those_of_the_eigenvalues():
    found = latent_model().powers(3)
    np.testing.assert_allclose(found, TRUE[None] ** np.arange(4)[:, None], atol=1e-6)


def test_time_is_linear_up_to_a_reencoding_or_as_far_as_was_trained():
    model = latent_model()
    assert model.linear_steps == 20
    config = replace(model.meta.model_config, rollout_every=5)
    again = build(config, model.meta.dimensions, key=jax.random.key(0))
    assert replace(model, model=again).linear_steps == 5
