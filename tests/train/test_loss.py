import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import ModelKind, Stability
from koopcli.config.model import ModelConfig
from koopcli.config.training import LossConfig
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.model.koopman import KoopmanModel
from koopcli.train import loss
from koopcli.train.batches import Batch

CONFIG = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, action_width=8, reencode_every=0
)
EVERY_STEP = LossConfig(decode_fraction=1.0, one_step=0.0)


@pytest.fixture
def model(key):
    return KoopmanModel(CONFIG, Dimensions(2, 1, True), key=key)


def make_batch(lengths=(5, 3), horizon=5, seed=0):
    rng = np.random.default_rng(seed)
    count = len(lengths)
    mask = np.arange(horizon)[:, None] < np.array(lengths)
    points = np.arange(horizon + 1)[:, None] <= np.array(lengths)
    states = rng.normal(size=(horizon + 1, count, 2)) * points[..., None]
    actions = rng.normal(size=(horizon, count, 1)) * mask[..., None]
    rewards = rng.normal(size=(horizon, count)) * mask
    single = [jnp.asarray(a, jnp.float32) for a in (states, actions, rewards)]
    return Batch(*single, mask=jnp.asarray(mask))


def oracle(model, batch):
    """Window by window and step by step, without masks: only steps that exist."""
    sums = {"prediction": [], "consistency": [], "reward": [], "reconstruction": []}
    for b in range(batch.mask.shape[1]):
        steps = int(batch.mask[:, b].sum())
        states, actions = batch.states[: steps + 1, b], batch.actions[:steps, b]
        latents = model.advance(model.lift(states[0]), model.drive(actions))
        sums["reconstruction"].append(
            (model.read(model.lift(states[0])) - states[0]) ** 2
        )
        for k in range(steps):
            target = states[k + 1]
            sums["prediction"].append((model.read(latents[k]) - target) ** 2)
            sums["consistency"].append(jnp.abs(latents[k] - model.lift(target)) ** 2)
            reward = model.reward(latents[k], actions[k])
            sums["reward"].append((reward - batch.rewards[k, b])[None] ** 2)
    return {name: jnp.mean(jnp.stack(values)) for name, values in sums.items()}


def test_terms_equal_the_slow_obvious_code(model, key):
    batch = make_batch()
    terms, _ = loss.compute_terms(model, batch, EVERY_STEP, key=key)
    expected = oracle(model, batch)
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        assert jnp.allclose(terms[name], value, rtol=1e-4), name


def test_steps_ahead_count_as_their_errors_say(model, key):
    batch = make_batch(lengths=(5, 5))
    errors = jnp.array([0.1, 0.2, 0.2, 0.4, 0.4])
    weights = np.array([10, 5, 5, 2.5, 2.5]) / 5
    terms, misses = loss.compute_terms(model, batch, EVERY_STEP, key=key, errors=errors)
    forecast = model.forecast(batch.states[0], batch.actions)
    each = jnp.mean((forecast.states - batch.states[1:]) ** 2, (1, 2))
    rewards = jnp.mean((forecast.rewards - batch.rewards) ** 2, 1)
    assert jnp.allclose(terms["prediction"], jnp.mean(weights * each), rtol=1e-4)
    assert jnp.allclose(terms["reward"], jnp.mean(weights * rewards), rtol=1e-4)
    assert jnp.allclose(misses.total / misses.count, each, rtol=1e-4)
    alike, _ = loss.compute_terms(model, batch, EVERY_STEP, key=key)
    assert alike["consistency"] == terms["consistency"]
    assert jnp.allclose(alike["prediction"], jnp.mean(each), rtol=1e-4)


def test_the_total_is_the_weighted_sum(model, key):
    config = LossConfig(
        prediction=2,
        consistency=3,
        reconstruction=5,
        reward=7,
        one_step=11,
        decode_fraction=1.0,
    )
    total, (record, _) = loss.total(model, make_batch(), config, key=key)
    expected = (
        2 * record["prediction"]
        + 3 * record["consistency"]
        + 5 * record["reconstruction"]
        + 7 * record["reward"]
        + 11 * (record["one_step"] + 7 * record["one_step_reward"])
    )
    assert jnp.allclose(total, expected) and total == record["loss"]


def test_a_random_subset_of_steps_is_unbiased(model):
    batch = make_batch(lengths=(5, 5))
    config = LossConfig(decode_fraction=0.4, one_step=0.0)
    keys = jax.random.split(jax.random.key(1), 400)
    few = jax.jit(
        jax.vmap(lambda k: loss.compute_terms(model, batch, config, key=k)[0])
    )(keys)
    every, _ = loss.compute_terms(model, batch, EVERY_STEP, key=keys[0])
    for name in ("prediction", "consistency", "reward"):
        assert jnp.allclose(few[name].mean(), every[name], rtol=0.05), name


@pytest.mark.parametrize("every", [0, 2])
def test_every_parameter_gets_a_gradient(key, every):
    config = dataclasses.replace(CONFIG, reencode_every=every)
    model = KoopmanModel(config, Dimensions(2, 1, True), key=key)

    def objective(model):
        return loss.total(model, make_batch(), EVERY_STEP, key=key)[0]

    gradient = eqx.filter_grad(objective)(model)
    untrained = {"state_normaliser", "action_normaliser", "reward_normaliser", "config"}
    for field in dataclasses.fields(gradient):
        if field.name not in untrained:
            for leaf in jax.tree.leaves(getattr(gradient, field.name)):
                assert jnp.abs(leaf).max() > 0, field.name


def test_consistency_is_asked_of_the_first_block_alone(key):
    config = dataclasses.replace(CONFIG, reencode_every=2)
    model = KoopmanModel(config, Dimensions(2, 1, True), key=key)
    batch = make_batch(lengths=(5, 1))
    terms, _ = loss.compute_terms(model, batch, EVERY_STEP, key=key)
    latents = model.forecast(batch.states[0], batch.actions[:2]).latents
    distance = jnp.abs(latents - model.lift(batch.states[1:3])) ** 2
    kept = jnp.stack([distance[0, 0], distance[0, 1], distance[1, 0]])
    assert jnp.allclose(terms["consistency"], kept.mean(), rtol=1e-4)


@pytest.mark.parametrize("kind", ["koopman", "gru"])
def test_one_step_starts_from_measured_states_inside_the_window(key, kind):
    settings = dataclasses.replace(CONFIG, kind=ModelKind(kind), width=4)
    model = build(settings, Dimensions(2, 1, True), key=key)
    batch = make_batch(lengths=(5, 5))
    one = jax.jit(lambda s, a: model.forecast(s, a))
    states, rewards = [], []
    for t in range(5):
        forecast = one(batch.states[t], batch.actions[t : t + 1])
        states.append((forecast.states[0] - batch.states[t + 1]) ** 2)
        rewards.append((forecast.rewards[0] - batch.rewards[t]) ** 2)
    terms = jax.jit(
        jax.vmap(lambda k: loss.compute_terms(model, batch, LossConfig(), key=k)[0])
    )(jax.random.split(key, 400))
    assert jnp.allclose(terms["one_step"].mean(), jnp.stack(states).mean(), rtol=0.06)
    expected = jnp.stack(rewards).mean()
    assert jnp.allclose(terms["one_step_reward"].mean(), expected, rtol=0.1)


def test_one_step_beyond_the_end_of_an_episode_does_not_count(key, model):
    batch = make_batch(lengths=(1, 1))
    config = LossConfig(decode_fraction=1.0)
    found = jax.jit(
        jax.vmap(
            lambda k: loss.compute_terms(model, batch, config, key=k)[0]["one_step"]
        )
    )(jax.random.split(key, 20))
    predicted = model.forecast(batch.states[0], batch.actions[:1]).states[0]
    error = jnp.mean((predicted - batch.states[1]) ** 2)
    # Only the first step exists; 0 where it was not drawn.
    assert jnp.isclose(found.max(), error, rtol=1e-4)
    assert jnp.all((found == 0) | jnp.isclose(found, error, rtol=1e-4))


def test_the_published_loss_is_huber_on_one_step_and_on_noisy_states(key):
    settings = ModelConfig(kind=ModelKind.KFC, latent_dim=4, width=8, reencode_every=0)
    model = build(settings, Dimensions(2, 1, True), key=key)
    batch = make_batch(lengths=(1,) * 6, horizon=1)
    batch = eqx.tree_at(lambda b: b.states, batch, 2 * batch.states)

    def huber(error):
        size = np.abs(np.asarray(error))
        assert (size > 1).any() and (size < 1).any()
        return np.where(size < 1, 0.5 * size**2, size - 0.5).mean()

    def terms(noise):
        config = LossConfig(noise=noise, one_step=0.0)
        return loss.compute_terms(model, batch, config, key=key)[0]

    found = terms(0.0)
    assert found.keys() == {"prediction", "reconstruction", "reward"}
    predicted = model.read(model.advance(model.lift(batch.states[0]), batch.actions[0]))
    assert np.isclose(found["prediction"], huber(predicted - batch.states[1]))
    again = model.read(model.lift(batch.states))
    assert np.isclose(found["reconstruction"], huber(again - batch.states))
    noisy = terms(0.06)
    assert noisy["reconstruction"] != found["reconstruction"]
    assert np.isclose(noisy["reconstruction"], found["reconstruction"], rtol=0.2)
    assert noisy["prediction"] == found["prediction"]


def test_states_beyond_the_end_of_an_episode_are_not_reconstructed(key):
    settings = ModelConfig(kind=ModelKind.KFC, latent_dim=4, width=8, reencode_every=0)
    model = build(settings, Dimensions(2, 1, True), key=key)
    config = LossConfig(noise=0.0, one_step=0.0)
    whole, _ = loss.compute_terms(model, make_batch((2, 2), horizon=2), config, key=key)
    batch = make_batch((2, 2), horizon=2)
    padded = jax.tree.map(
        lambda rows: jnp.concatenate([rows, jnp.zeros_like(rows[:1])]), batch
    )
    found, _ = loss.compute_terms(model, padded, config, key=key)
    assert jnp.isclose(found["reconstruction"], whole["reconstruction"])


def test_stop_gradient_holds_the_target_fixed(model, key):
    def gradient(stop):
        config = LossConfig(
            prediction=0,
            reconstruction=0,
            reward=0,
            one_step=0,
            consistency=1,
            stop_gradient=stop,
        )
        config = dataclasses.replace(config, decode_fraction=1.0)
        objective = lambda m: loss.total(m, make_batch(), config, key=key)[0]  # noqa: E731
        return eqx.filter_grad(objective)(model).encoder.layers[0].weight

    assert not jnp.allclose(gradient(True), gradient(False), rtol=1e-2)


def test_the_instability_penalty_by_hand(key):
    config = dataclasses.replace(CONFIG, stability=Stability.SOFT)
    model = KoopmanModel(config, Dimensions(2, 1, True), key=key)
    decay = jnp.log(jnp.array([1.5, 0.9, 1.0, 2.0]))
    model = eqx.tree_at(lambda m: m.spectrum.decay, model, decay)
    assert jnp.allclose(loss.instability(model), 0.5**2 + 1.0**2, rtol=1e-4)
    terms, _ = loss.compute_terms(model, make_batch(), EVERY_STEP, key=key)
    assert jnp.allclose(terms["instability"], 1.25, rtol=1e-4)
