import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import linear_world
import pytest

from koopcli.config.choices import ModelKind, Unroll
from koopcli.config.model import ModelConfig
from koopcli.model import checkpoint
from koopcli.model.build import KINDS, build, reconfigured
from koopcli.model.dimensions import Dimensions
from koopcli.train.optimizer import trainable

DIMS = Dimensions(3, 2, True)
SMALL = {"width": 8, "latent_dim": 4, "encoder_width": 8, "decoder_width": 8}
# EDMDc is fitted in closed form; untrained it predicts no change.
BY_GRADIENT = [kind for kind in ModelKind if kind is not ModelKind.EDMDC]


def small(kind, key, dims=DIMS):
    config = ModelConfig(kind=kind, features=5, unroll=Unroll.SCAN, **SMALL)
    return build(config, dims, key=key)


@pytest.fixture
def batch(key):
    return jnp.ones((2, 3)), jax.random.normal(key, (6, 2, 2))


def test_every_kind_has_a_class():
    assert set(KINDS) == set(ModelKind)


@pytest.mark.parametrize("kind", ModelKind)
def test_a_model_survives_its_file(kind, key, tmp_path):
    dataset = linear_world.world()
    meta = linear_world.model_meta(dataset)
    model = small(kind, key, meta.dimensions)
    assert isinstance(model, KINDS[kind]) and model.config.kind is kind
    meta = dataclasses.replace(meta, model_config=model.config)
    checkpoint.save(tmp_path / "model.eqx", model, meta)
    loaded = checkpoint.load(tmp_path / "model.eqx")
    assert loaded.meta == meta
    assert jax.tree.structure(loaded.model) == jax.tree.structure(model)
    assert eqx.tree_equal(loaded.model, model)


@pytest.mark.parametrize("kind", BY_GRADIENT)
def test_an_action_changes_what_follows_it_and_nothing_before(kind, key, batch):
    model, (start, actions) = small(kind, key), batch
    changed = actions.at[3].add(1.0)
    predict = eqx.filter_jit(lambda m, a: m.segment(start, a, jnp.arange(6)))
    before, after = predict(model, actions), predict(model, changed)
    moved = jnp.abs(after.states - before.states).max(axis=(1, 2))
    assert moved[:3].max() < 1e-6 and moved[3:].min() > 1e-6
    moved = jnp.abs(after.rewards - before.rewards).max(axis=1)
    assert moved[:3].max() < 1e-6 and moved[3] > 1e-6


@pytest.mark.parametrize("kind", BY_GRADIENT)
def test_every_parameter_has_a_gradient(kind, key, batch):
    model = small(kind, key)
    parameters, frozen = eqx.partition(model, trainable(model))

    @jax.jit
    def gradient(parameters):
        def loss(parameters):
            # Re-encoding has parameters of its own.
            result = eqx.combine(parameters, frozen).forecast(*batch, reencode_every=3)
            return jnp.sum(result.states**2) + jnp.sum(result.rewards**2)

        return jax.grad(loss)(parameters)

    for path, leaf in jax.tree.leaves_with_path(gradient(parameters)):
        assert jnp.isfinite(leaf).all() and (leaf != 0).any(), jax.tree_util.keystr(
            path
        )


@pytest.mark.parametrize("kind", ModelKind)
def test_chosen_steps_are_those_of_the_whole(kind, key, batch):
    model, steps = small(kind, key), jnp.array([1, 2, 5])
    whole, some = (model.segment(*batch, chosen) for chosen in (jnp.arange(6), steps))
    assert some.steps.tolist() == [1, 2, 5]
    assert jnp.allclose(some.states, whole.states[steps], atol=1e-5)
    assert jnp.allclose(some.rewards, whole.rewards[steps], atol=1e-5)


@pytest.mark.parametrize("kind", ModelKind)
def test_neither_actions_nor_rewards_are_needed(kind, key):
    model = small(kind, key, Dimensions(3, 0, False))
    prediction = model.rollout(jnp.ones(3), jnp.zeros((4, 0)))
    assert prediction.states.shape == (4, 3) and prediction.rewards is None


def test_other_settings_leave_arrays_and_the_old_model_alone(key):
    model = small(ModelKind.KOOPMAN, key)
    other = reconfigured(model, dataclasses.replace(model.config, unroll=Unroll.CONV))
    assert (model.config.unroll, other.config.unroll) == (Unroll.SCAN, Unroll.CONV)
    assert eqx.tree_equal(jax.tree.leaves(model), jax.tree.leaves(other))
