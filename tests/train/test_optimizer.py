import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from koopcli.config.choices import Method, ModelKind
from koopcli.config.model import ModelConfig
from koopcli.config.training import OptimizerConfig
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.model.koopman import KoopmanModel
from koopcli.train import optimizer
from koopcli.train.orthogonal import orthogonal


@pytest.fixture
def model(key):
    config = ModelConfig(latent_dim=3, encoder_width=4, decoder_width=4)
    return KoopmanModel(config, Dimensions(2, 1, True), key=key)


@pytest.fixture
def parameters(model):
    return eqx.filter(model, optimizer.trainable(model))


def test_the_rate_rises_to_the_peak_and_falls_to_the_final_rate():
    config = OptimizerConfig(learning_rate=1e-2, warmup=0.1, final_rate=0.05)
    rates = optimizer.rates(config, 100)

    def rate(count):
        return float(rates.at(jnp.int32(count)))

    assert rate(0) == 0.0
    assert rate(5) == pytest.approx(5e-3)
    assert rate(10) == pytest.approx(1e-2)
    assert rate(55) == pytest.approx((1e-2 + 5e-4) / 2)
    assert rate(100) == pytest.approx(5e-4) == rate(1000)


@pytest.mark.parametrize("steps", [2, 7, 300])
def test_the_schedule_is_that_of_optax(steps):
    config = OptimizerConfig(learning_rate=0.3, warmup=0.2, final_rate=0.1)
    oracle = optax.warmup_cosine_decay_schedule(
        0.0, 0.3, max(1, round(0.2 * steps)), steps, end_value=0.03
    )
    count = jnp.arange(steps + 3)
    assert jnp.allclose(optimizer.rates(config, steps).at(count), oracle(count))


def test_one_step_is_enough_for_a_schedule():
    assert float(optimizer.rates(OptimizerConfig(), 1).at(jnp.int32(1))) > 0


def test_normalisers_are_not_trained(model, parameters):
    assert parameters.state_normaliser.mean is None
    assert parameters.reward_normaliser.scale is None
    assert parameters.encoder.layers[0].weight is not None
    frozen = jax.tree.leaves(
        eqx.filter(model, optimizer.trainable(model), inverse=True)
    )
    assert sum(leaf.size for leaf in frozen) == 4 * (2 + 1 + 1)


def test_every_parameter_of_the_spectrum_is_in_its_own_group(parameters):
    labels = optimizer.label(parameters)
    assert set(jax.tree.leaves(labels.spectrum)) == {"eigenvalues"}
    assert labels.log_gain == "eigenvalues"
    assert labels.decoder.layers[0].weight == "matrices"
    assert labels.decoder.layers[0].bias == "others"


def test_the_spectra_inside_a_dssm_are_found(key):
    config = ModelConfig(kind=ModelKind.DSSM, width=4, depth=2, latent_dim=3)
    model = build(config, Dimensions(2, 1, True), key=key)
    labels = jax.tree.leaves(optimizer.label(model))
    assert 0 < labels.count("eigenvalues") < labels.count("matrices")


@pytest.mark.parametrize("method", Method)
def test_eigenvalues_move_at_their_own_rate_and_do_not_decay(parameters, method):
    config = OptimizerConfig(
        learning_rate=1e-2, eigenvalue_rate=0.1, warmup=0.0, weight_decay=0.5
    )
    transformation = optimizer.METHODS[method](optimizer.rates(config, 100))
    state = transformation.init(parameters)
    ones = jax.tree.map(jnp.ones_like, parameters)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    _, state = transformation.update(zeros, state, parameters)  # step 0 has rate 0
    updates, _ = transformation.update(ones, state, parameters)
    slow = jnp.abs(updates.spectrum.phase).max()
    fast = jnp.abs(updates.decoder.layers[0].bias).max()
    assert slow == pytest.approx(0.1 * float(fast), rel=1e-3)
    still, _ = transformation.update(zeros, transformation.init(parameters), parameters)
    assert not still.spectrum.phase.any()


@pytest.mark.parametrize("method", Method)
def test_only_matrices_decay(parameters, method):
    config = OptimizerConfig(warmup=0.0, weight_decay=0.5)
    config = dataclasses.replace(config, warmup=0.01)
    transformation = optimizer.METHODS[method](optimizer.rates(config, 100))
    state = transformation.init(parameters)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    shifted = jax.tree.map(lambda leaf: leaf + 1, parameters)
    for _ in range(2):
        updates, state = transformation.update(zeros, state, shifted)
    assert updates.decoder.layers[0].weight.any()
    assert not updates.decoder.layers[0].bias.any()


def test_muon_makes_the_momentum_ahead_orthogonal(parameters, key):
    config = OptimizerConfig(
        learning_rate=1e-2, warmup=0.01, weight_decay=0.0, final_rate=1.0
    )
    transformation = optimizer.muon(optimizer.rates(config, 100))
    keys = iter(jax.random.split(key, 200))

    def small(p):  # below the clipping norm
        return 1e-3 * jax.random.normal(next(keys), p.shape)

    first, second = (jax.tree.map(small, parameters) for _ in range(2))
    state = transformation.init(parameters)
    _, state = transformation.update(first, state, parameters)  # step 0 has rate 0
    updates, _ = transformation.update(second, state, parameters)
    before, now = (g.encoder.layers[0].weight for g in (first, second))
    ahead = now + 0.95 * (now + 0.95 * before)
    expected = -1e-2 * 0.2 * np.sqrt(max(now.shape)) * orthogonal(ahead)
    got = updates.encoder.layers[0].weight
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-5)


def test_under_muon_what_is_not_a_matrix_moves_as_under_adamw(parameters):
    rates = optimizer.rates(OptimizerConfig(warmup=0.1), 10)
    small = jax.tree.map(lambda p: 1e-3 * jnp.ones_like(p), parameters)
    moved = []
    for transformation in (optimizer.muon(rates), optimizer.adamw(rates)):
        state = transformation.init(parameters)
        for _ in range(2):
            updates, state = transformation.update(small, state, parameters)
        moved.append(updates)
    ours, theirs = moved
    assert ours.encoder.layers[0].bias.any()
    assert jnp.array_equal(ours.encoder.layers[0].bias, theirs.encoder.layers[0].bias)
    assert jnp.array_equal(ours.spectrum.phase, theirs.spectrum.phase)


def test_adamw_is_that_of_optax(parameters):
    config = OptimizerConfig(learning_rate=1e-2, warmup=0.1, weight_decay=0.3)
    rates = optimizer.rates(config, 10)
    oracle = optax.adamw(rates.at, b2=config.beta2, weight_decay=0.3)
    weight = parameters.decoder.layers[0].weight
    ours, theirs = optimizer.adamw(rates), oracle
    state, expected = ours.init(parameters), theirs.init(weight)
    small = jax.tree.map(lambda p: 1e-4 * p, parameters)  # below the clipping norm
    for _ in range(3):
        updates, state = ours.update(small, state, parameters)
        alone, expected = theirs.update(1e-4 * weight, expected, weight)
    assert jnp.allclose(updates.decoder.layers[0].weight, alone, atol=1e-8)
