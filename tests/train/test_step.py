import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from memory_dataset import memory_dataset

from koopcli.config import ModelConfig, RunConfig, TrainConfig
from koopcli.data.windows import starts
from koopcli.train import loss, optimizer
from koopcli.train.batches import DeviceData
from koopcli.train.fit import initial_model
from koopcli.train.step import TrainState, batch_at, make_dispatch

CONFIG = RunConfig(
    model=ModelConfig(latent_dim=3, encoder_width=4, decoder_width=4),
    train=TrainConfig(steps=10, batch_size=4, horizon=3),
)


@pytest.fixture
def parts():
    dataset = memory_dataset()
    model = initial_model(dataset, CONFIG)
    parameters, frozen = eqx.partition(model, optimizer.trainable(model))
    transformation = optimizer.build(CONFIG.optimizer, CONFIG.train.steps)
    data = DeviceData(dataset, starts(dataset, "train"))
    return parameters, frozen, transformation, data


def fresh(parameters, transformation):
    # Copies, because a dispatch gives the buffers of its state away.
    parameters = jax.tree.map(jnp.copy, parameters)
    state = transformation.init(parameters)
    return TrainState(parameters, state, jnp.int32(0), jnp.int32(-1))


def equal(a, b, tolerance=0.0):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.allclose(x, y, rtol=tolerance, atol=tolerance) for x, y in pairs)


def test_a_dispatch_equals_plain_optax_steps(parts):
    parameters, frozen, transformation, data = parts
    key = jax.random.key(5)
    dispatch = make_dispatch(CONFIG, transformation)
    state, record = dispatch(
        fresh(parameters, transformation), frozen, data, key, jnp.int32(3)
    )
    memory, losses = transformation.init(parameters), []
    for step in range(3):
        batch, loss_key = batch_at(data, key, jnp.int32(step), CONFIG)

        def objective(p, batch=batch, loss_key=loss_key):
            model = eqx.combine(p, frozen)
            return loss.total(model, batch, CONFIG.loss, key=loss_key)[0]

        value, gradient = jax.value_and_grad(objective)(parameters)
        losses.append(value)
        updates, memory = transformation.update(gradient, memory, parameters)
        parameters = optax.apply_updates(parameters, updates)
    assert equal(state.parameters, parameters, 1e-5)
    assert np.isclose(record["loss"], np.mean(losses), rtol=1e-4)
    assert int(state.step) == 3 and int(state.bad_step) == -1


def test_how_steps_are_cut_into_calls_changes_nothing_and_compiles_once(parts):
    parameters, frozen, transformation, data = parts
    key = jax.random.key(5)
    dispatch = make_dispatch(CONFIG, transformation)
    once, _ = dispatch(
        fresh(parameters, transformation), frozen, data, key, jnp.int32(6)
    )
    state = fresh(parameters, transformation)
    for count in (1, 3, 2):
        state, _ = dispatch(state, frozen, data, key, jnp.int32(count))
    assert equal(once, state)
    assert dispatch._cache_size() == 1


def test_a_bad_step_is_remembered_and_changes_no_parameter(parts):
    parameters, frozen, transformation, data = parts
    poisoned = eqx.tree_at(lambda d: d.states, data, data.states * jnp.nan)
    dispatch = make_dispatch(CONFIG, transformation)
    state, _ = dispatch(
        fresh(parameters, transformation),
        frozen,
        poisoned,
        jax.random.key(5),
        jnp.int32(4),
    )
    assert int(state.bad_step) == 0
    assert equal(state.parameters, parameters)
