import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.choices import Unroll
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.koopman import KoopmanModel

CONFIG = ModelConfig(
    latent_dim=4, encoder_width=8, decoder_width=8, action_width=8, unroll=Unroll.SCAN
)


@pytest.fixture
def model(key):
    return KoopmanModel(CONFIG, Dimensions(2, 1, True), key=key)


@pytest.mark.parametrize(("time", "every"), [(11, 4), (23, 5), (40, 7), (12, 1)])
def test_the_gradient_is_that_of_the_full_forecast_at_the_same_steps(
    model, key, time, every
):
    start, actions = jnp.ones((3, 2)), jax.random.normal(key, (time, 3, 1))

    def some(model):
        part = model.forecast_some(
            start, actions, reencode_every=every, fraction=0.2, key=key
        )
        return jnp.sum(part.states**2) + jnp.sum(part.rewards**2), part.steps

    (_, steps), fast = eqx.filter_value_and_grad(some, has_aux=True)(model)
    rewarded = len(
        model.forecast_some(
            start, actions, reencode_every=every, fraction=0.2, key=key
        ).rewards
    )

    def whole(model):
        full = model.forecast(start, actions, reencode_every=every)
        rewards = full.rewards[steps[:rewarded]]
        return jnp.sum(full.states[steps] ** 2) + jnp.sum(rewards**2)

    slow = eqx.filter_grad(whole)(model)
    for got, expected in zip(jax.tree.leaves(fast), jax.tree.leaves(slow), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_rewards_are_asked_at_ends_of_blocks_too(model, key):
    start, actions = jnp.ones((3, 2)), jax.random.normal(key, (43, 3, 1))
    some = model.forecast_some(start, actions, reencode_every=5, fraction=0.1, key=key)
    rewarded = some.steps[: len(some.rewards)].tolist()
    # Groups of two blocks, whose first ends are 4, 14, 24 and 34; 40, 41, 42 are left.
    assert {k for k in rewarded if (k + 1) % 5 == 0} == {4, 14, 24, 34}
    assert rewarded[1] == 4 and rewarded[5:8] == [40, 41, 42]
    assert some.steps[len(rewarded) :].tolist() == [9, 19, 29, 39]
    whole = model.forecast(start, actions, reencode_every=5)
    assert jnp.allclose(some.states, whole.states[some.steps], atol=1e-5)
    assert jnp.allclose(some.rewards, whole.rewards[jnp.array(rewarded)], atol=1e-5)


@pytest.mark.parametrize("every", [0, 4])
def test_latents_are_those_before_the_first_reencoding(model, key, every):
    batch = jnp.ones((3, 2)), jax.random.normal(key, (11, 3, 1))
    some = model.forecast_some(*batch, reencode_every=every, fraction=0.5, key=key)
    start, actions = batch
    alone = model.segment(start, actions, jnp.arange(11)).latents
    rows = some.steps[: len(some.latents)]
    assert len(rows) == (6 if every == 0 else 3)
    assert every == 0 or (rows.max() == 3 and len(set(rows.tolist())) == 3)
    assert jnp.allclose(some.latents, alone[rows], atol=1e-5)
