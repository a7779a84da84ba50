import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from linear_world import TURN, one_each, world
from memory_dataset import memory_dataset

from koopcli.config.choices import ModelKind, Observables, Stability
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig
from koopcli.train import edmdc
from koopcli.train.fit import initial_model
from koopcli.train.validation import make_validation

LINEAR = {"observables": Observables.POLYNOMIAL, "degree": 1}


def fit(dataset, validate=None, seed=0, **settings):
    config = ModelConfig(kind=ModelKind.EDMDC, **settings)
    model = initial_model(dataset, RunConfig(model=config))
    return edmdc.fit(model, dataset, seed, validate)


def physical(model, dataset):
    """A and B in the units of the data."""
    state, action = (
        columns.scale
        for columns in (dataset.statistics.observations, dataset.statistics.actions)
    )
    dynamics = np.asarray(model.dynamics, float).T * state[:, None] / state
    return dynamics, np.asarray(model.inputs, float).T * state[:, None] / action


def test_a_linear_plant_is_recovered():
    dataset = world((400, 20, 25))
    model, error = fit(dataset, ridge=1e-12, **LINEAR)
    dynamics, inputs = physical(model, dataset)
    assert np.abs(dynamics[:2, :2] - TURN).max() < 1e-6
    assert np.abs(inputs[:, 0] - [0.0, 0.5, 0.0]).max() < 1e-6
    assert np.abs(dynamics[:, 2]).max() < 1e-6  # the constant column carries nothing
    values = sorted(model.eigenvalues(), key=lambda value: value.imag)
    assert np.abs(values[2] - (0.9 + 0.2j)) < 1e-6 and error < 1e-10
    predicted = model.rollout(
        jnp.asarray(dataset.observations[0]), jnp.asarray(dataset.actions[:50])
    )
    assert jnp.allclose(predicted.states, dataset.observations[1:51], atol=1e-4)
    assert jnp.allclose(predicted.rewards, dataset.rewards[:50], atol=1e-4)


@pytest.mark.parametrize("every", [0, 1])
def test_more_observables_do_not_hide_a_linear_plant(every):
    dataset = world((1000, 20, 25))
    model, _ = fit(dataset, features=30, ridge=1e-8, reencode_every=every)
    predicted = model.rollout(
        jnp.asarray(dataset.observations[0]), jnp.asarray(dataset.actions[:50])
    )
    assert jnp.allclose(predicted.states, dataset.observations[1:51], atol=2e-2)


@pytest.mark.parametrize("known", [True, False])
def test_no_pair_crosses_the_end_of_an_episode(known):
    dataset = memory_dataset((6, 4, 9, 5, 3), known=[known] * 5)
    model = initial_model(
        dataset, RunConfig(model=ModelConfig(kind=ModelKind.EDMDC, **LINEAR))
    )
    [(x, y)] = edmdc.transitions(model, dataset)
    assert len(x) == sum((6, 4, 9)) - 3 * (not known)
    # Episodes are 100 apart and their noise is of order one.
    scale = dataset.statistics.observations.scale
    assert (np.abs((x[:, :2] - y[:, :2]) * scale) < 10).all()


def test_blocks_are_bounded_and_complete(monkeypatch):
    monkeypatch.setattr(edmdc, "ROWS", 7)
    dataset = world()
    model, _ = fit(dataset, ridge=1e-3, **LINEAR)
    assert [len(x) for x, _ in edmdc.transitions(model, dataset)] == [7, 7, 7, 7, 2]
    monkeypatch.undo()
    whole, _ = fit(dataset, ridge=1e-3, **LINEAR)
    assert jnp.allclose(model.dynamics, whole.dynamics, atol=1e-6)


def test_the_choice_is_the_best_of_all_and_is_written_down():
    dataset = one_each(world((200, 60, 25)))
    asked = []

    def validate(model, every):
        asked.append(every)
        return {"nmse": 0.5 if len(asked) == 10 else float("nan")}

    model, _ = fit(dataset, validate, features=8)
    assert asked == list(edmdc.INTERVALS) * len(edmdc.RIDGES)
    assert model.config.ridge == edmdc.RIDGES[1]
    assert model.config.reencode_every == edmdc.INTERVALS[2]
    given, _ = fit(dataset, validate, features=8, ridge=0.5, reencode_every=3)
    assert (given.config.ridge, given.config.reencode_every) == (0.5, 3)
    real, _ = fit(dataset, make_validation(dataset, 20, 8), **LINEAR)
    assert real.config.ridge == min(edmdc.RIDGES)


def test_without_validation_the_settings_are_the_fallbacks():
    model, _ = fit(world(), features=8)
    assert model.config.ridge == edmdc.FALLBACK_RIDGE
    assert model.config.reencode_every == edmdc.FALLBACK_INTERVAL


@pytest.mark.parametrize("stability", list(Stability))
def test_strict_stability_holds_on_a_growing_plant(stability):
    dataset = world()
    growing = dataset.observations.astype(np.float64)
    growing[:, :2] *= (
        1.15 ** np.concatenate([np.arange(n + 1) for n in (30, 20, 25)])[:, None]
    )
    dataset = dataclasses.replace(
        dataset, observations=growing.astype(np.float32), actions=0 * dataset.actions
    )
    model, _ = fit(dataset, ridge=1e-8, stability=stability, **LINEAR)
    radius = np.abs(model.eigenvalues()).max()
    assert radius <= 1 if stability is Stability.STRICT else radius > 1.01


@pytest.mark.parametrize("rewards", [True, False])
@pytest.mark.parametrize("actions", [0, 1])
def test_without_actions_or_rewards(actions, rewards):
    dataset = world(actions=actions, rewards=rewards)
    model, error = fit(dataset, features=8)
    prediction = model.rollout(jnp.zeros(3), jnp.zeros((4, actions)))
    assert prediction.states.shape == (4, 3) and np.isfinite(error)
    assert (prediction.rewards is not None) == rewards
    assert jnp.isfinite(prediction.states).all()


def test_the_same_seed_gives_the_same_model():
    one, same, other = (fit(world(), seed=seed, features=8)[0] for seed in (0, 0, 1))
    pairs = zip(*map(jax.tree.leaves, (one, same)), strict=True)
    assert all(jnp.array_equal(a, b) for a, b in pairs)
    assert not jnp.array_equal(one.dynamics, other.dynamics)


def test_equal_states_have_a_bandwidth():
    dataset = dataclasses.replace(world(), observations=np.ones((78, 3), np.float32))
    assert edmdc.median_distance(dataset, 0) == 1.0
