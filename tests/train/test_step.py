from dataclasses import replace
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from memory_dataset import memory_dataset

from koopcli.config.model import ModelConfig
from koopcli.config.training import OptimizerConfig, RunConfig, TrainConfig
from koopcli.data.windows import starts
from koopcli.train import loss, optimizer
from koopcli.train.batches import DeviceData
from koopcli.train.fit import initial_model
from koopcli.train.step import PROGRAMS, batch_at, initial_state, make_dispatch

CONFIG = RunConfig(
    model=ModelConfig(latent_dim=3, encoder_width=4, decoder_width=4),
    train=TrainConfig(steps=10, batch_size=4, horizon=3),
)


@pytest.fixture
def parts():
    dataset = memory_dataset()
    model = initial_model(dataset, CONFIG)
    parameters, frozen = eqx.partition(model, optimizer.trainable(model))
    rates = optimizer.rates(CONFIG.optimizer, CONFIG.train.steps)
    transformation = optimizer.METHODS[CONFIG.optimizer.method](rates)
    data = DeviceData(dataset, starts(dataset, "train"))
    return parameters, frozen, transformation, data


def fresh(parameters, transformation):
    # Copies, because a dispatch gives the buffers of its state away.
    copies = jax.tree.map(jnp.copy, parameters)
    return initial_state(copies, CONFIG, lambda _: transformation)


def equal(a, b, tolerance=0.0):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.allclose(x, y, rtol=tolerance, atol=tolerance) for x, y in pairs)


@jax.jit
@partial(jax.value_and_grad, has_aux=True)
def value_and_gradient(parameters, frozen, batch, key, errors):
    model = eqx.combine(parameters, frozen)
    return loss.total(model, batch, CONFIG.loss, key=key, errors=errors)


def test_a_dispatch_equals_plain_optax_steps(parts):
    parameters, frozen, transformation, data = parts
    key = jax.random.key(5)
    dispatch = make_dispatch(CONFIG)
    state, record = dispatch(
        fresh(parameters, transformation), frozen, data, key, jnp.int32(3)
    )
    memory, losses, errors = transformation.init(parameters), [], np.ones(3)
    for step in range(3):
        batch, loss_key = batch_at(data, key, jnp.int32(step), CONFIG)

        (value, (_, misses)), gradient = value_and_gradient(
            parameters, frozen, batch, loss_key, errors
        )
        losses.append(value)
        for ahead in np.flatnonzero(misses.count):
            seen = misses.total[ahead] / misses.count[ahead]
            errors[ahead] = 0.9 * errors[ahead] + 0.1 * seen
        updates, memory = transformation.update(gradient, memory, parameters)
        parameters = optax.apply_updates(parameters, updates)
    assert equal(state.parameters, parameters, 1e-5)
    assert np.isclose(record.means["loss"], np.mean(losses), rtol=1e-4)
    np.testing.assert_allclose(state.errors, errors, rtol=1e-5)
    assert np.any(errors != 1)
    assert int(state.step) == 3 and int(state.bad_steps) == 0


def test_how_steps_are_cut_into_calls_changes_nothing_and_compiles_once(parts):
    parameters, frozen, transformation, data = parts
    key = jax.random.key(5)
    dispatch = make_dispatch(CONFIG)
    once, _ = dispatch(
        fresh(parameters, transformation), frozen, data, key, jnp.int32(6)
    )
    state = fresh(parameters, transformation)
    for count in (1, 3, 2):
        state, _ = dispatch(state, frozen, data, key, jnp.int32(count))
    assert equal(once, state)
    assert dispatch.func._cache_size() == 1


def test_runs_of_other_seeds_rates_and_lengths_share_one_program(parts):
    parameters, frozen, transformation, data = parts
    found, programs = [], set()
    for changed in (
        CONFIG,
        replace(CONFIG, train=replace(CONFIG.train, seed=3, steps=99, patience=5)),
        replace(CONFIG, optimizer=OptimizerConfig(learning_rate=1e-4, beta2=0.5)),
    ):
        dispatch = make_dispatch(changed)
        state = fresh(parameters, transformation)
        state, _ = dispatch(state, frozen, data, jax.random.key(5), jnp.int32(2))
        found.append(state.parameters)
        programs.add((dispatch.func, dispatch.func._cache_size()))
    assert programs == {(make_dispatch(CONFIG).func, 1)}
    assert not equal(found[0], found[1]) and not equal(found[0], found[2])


def test_a_setting_of_the_step_or_the_model_makes_another_program_of_which_few_stay():
    loss, model = replace(CONFIG.loss, noise=0.5), replace(CONFIG.model, latent_dim=9)
    for other in (replace(CONFIG, loss=loss), replace(CONFIG, model=model)):
        assert make_dispatch(other).func is not make_dispatch(CONFIG).func
    first = make_dispatch(CONFIG).func
    for width in range(10, 10 + PROGRAMS):
        make_dispatch(replace(CONFIG, model=replace(model, latent_dim=width)))
    assert make_dispatch(CONFIG).func is not first


def poison(data, rows):
    states = data.states.at[jnp.array(rows)].set(jnp.nan)
    return eqx.tree_at(lambda d: d.states, data, states)


def test_bad_steps_change_nothing_are_named_and_do_not_spoil_the_mean(parts):
    parameters, frozen, transformation, data = parts
    key, dispatch = jax.random.key(5), make_dispatch(CONFIG)
    state = fresh(parameters, transformation)
    state, _ = dispatch(state, frozen, data, key, jnp.int32(2))
    kept = jax.tree.map(jnp.copy, state.parameters)
    everywhere = poison(data, range(len(data.states)))
    state, record = dispatch(state, frozen, everywhere, key, jnp.int32(3))
    assert equal(state.parameters, kept)
    assert record.skipped.tolist()[:4] == [True, True, True, False]
    assert np.isnan(record.means["loss"])
    assert (int(state.step), int(state.bad_steps)) == (5, 3)
    state, record = dispatch(state, frozen, data, key, jnp.int32(2))
    assert int(state.bad_steps) == 0
    assert not record.skipped.any() and np.isfinite(record.means["loss"])
    assert not equal(state.parameters, kept)


def test_the_mean_is_over_the_steps_that_counted(parts):
    parameters, frozen, transformation, data = parts
    dispatch = make_dispatch(CONFIG)
    # A window of one episode is bad: which steps draw it is a function of the key.
    spoilt = poison(data, [0])
    _, record = dispatch(
        fresh(parameters, transformation),
        frozen,
        spoilt,
        jax.random.key(1),
        jnp.int32(10),
    )
    assert 0 < record.skipped[:10].sum() < 10
    assert np.isfinite(record.means["loss"]) and float(record.means["loss"]) > 0


def test_after_too_many_bad_steps_nothing_changes_any_more(parts):
    parameters, frozen, transformation, data = parts
    key, dispatch = jax.random.key(5), make_dispatch(CONFIG)
    everywhere = poison(data, range(len(data.states)))
    state = fresh(parameters, transformation)
    for _ in range(2):
        state, _ = dispatch(state, frozen, everywhere, key, jnp.int32(6))
    assert int(state.bad_steps) == 12 > CONFIG.train.max_bad_steps
    state, record = dispatch(state, frozen, data, key, jnp.int32(2))
    assert record.skipped[:2].all() and int(state.step) == int(state.bad_steps)
    assert equal(state.parameters, parameters)
