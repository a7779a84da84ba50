import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from memory_dataset import memory_dataset

from koopcli.config.choices import ModelKind, Precision
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data.windows import starts
from koopcli.errors import ConfigError
from koopcli.model.networks import Linear
from koopcli.train import optimizer
from koopcli.train.batches import DeviceData
from koopcli.train.fit import initial_model
from koopcli.train.precision import lowered
from koopcli.train.step import initial_state, make_dispatch

SMALL = {"latent_dim": 3, "encoder_width": 4, "decoder_width": 4}


def config(precision):
    return RunConfig(
        model=ModelConfig(**SMALL),
        train=TrainConfig(steps=10, batch_size=4, horizon=3, precision=precision),
    )


def after_steps(precision, count):
    settings, dataset = config(precision), memory_dataset()
    parameters, frozen = eqx.partition(
        model := initial_model(dataset, settings), optimizer.trainable(model)
    )
    data = DeviceData(dataset, starts(dataset, "train"))
    dispatch = make_dispatch(settings)
    state = initial_state(jax.tree.map(jnp.copy, parameters), settings)
    return dispatch(state, frozen, data, jax.random.key(5), jnp.int32(count))


def test_a_product_is_that_of_rounded_numbers(key):
    layer = Linear(3, 2, key=key)
    layer = eqx.tree_at(lambda n: n.weight, layer, jnp.full((3, 2), 1 + 2**-9))
    x = jnp.array([[1.0, 2.0, 4.0]])
    # bfloat16 has eight bits: 1 + 2^-9 is 1, and 7 can be written.
    assert layer(x).tolist() == [[7 + 7 * 2**-9] * 2]
    assert lowered(layer, Precision.BF16)(x).tolist() == [[7.0, 7.0]]
    assert lowered(layer, Precision.BF16)(x).dtype == jnp.float32


def test_only_weights_of_networks_are_rounded():
    model = initial_model(memory_dataset(), config(Precision.BF16))
    found = lowered(model, Precision.BF16)
    assert lowered(model, Precision.FLOAT32) is model
    rounded = {
        jax.tree_util.keystr(path).rpartition(".")[2]
        for path, leaf in jax.tree_util.tree_leaves_with_path(found)
        if leaf.dtype == jnp.bfloat16
    }
    assert rounded == {"weight"}
    assert found.spectrum.decay.dtype == found.log_gain.dtype == jnp.float32


def test_parameters_and_losses_stay_float32_and_near_those_of_float32():
    state, record = after_steps(Precision.BF16, 3)
    plain, expected = after_steps(Precision.FLOAT32, 3)
    leaves = jax.tree.leaves(state.parameters)
    assert {leaf.dtype for leaf in leaves} == {np.dtype(np.float32)}
    assert record.means["loss"].dtype == jnp.float32
    assert record.means["loss"] != expected.means["loss"]
    np.testing.assert_allclose(record.means["loss"], expected.means["loss"], rtol=0.02)
    norms = [
        jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(found.parameters)))
        for found in (state, plain)
    ]
    np.testing.assert_allclose(*norms, rtol=0.01)


def test_least_squares_are_not_rounded():
    with pytest.raises(ConfigError, match=r"train\.precision: edmdc is least squares"):
        RunConfig(
            model=ModelConfig(kind=ModelKind.EDMDC),
            train=TrainConfig(precision=Precision.BF16),
        )
