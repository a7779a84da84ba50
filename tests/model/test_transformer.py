import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_networks import array, gelu, layer_norm, linear, network

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.transformer import TransformerModel, turn

CONFIG = ModelConfig(kind=ModelKind.TRANSFORMER, width=12, heads=3, reencode_every=0)


@pytest.fixture
def model(key):
    return TransformerModel(CONFIG, Dimensions(3, 2, True), key=key)


def turned(x, position):
    half = len(x) // 2
    z = x[:half] + 1j * x[half:]
    z = z * np.exp(1j * position * 10_000.0 ** (-np.arange(half) / half))
    return np.concatenate([z.real, z.imag])


def attended(block, tokens, now):
    """What the token at `now` gathers, head by head and key by key."""
    size = tokens[0].size // block.heads
    parts = [
        np.split(linear(block.projection, layer_norm(block.attention_norm, token)), 3)
        for token in tokens[: now + 1]
    ]
    gathered = []
    for head in range(block.heads):
        mine = slice(head * size, (head + 1) * size)
        query = turned(parts[now][0][mine], now)
        weights = [
            np.exp(query @ turned(key[mine], position) / np.sqrt(size))
            for position, (_, key, _) in enumerate(parts)
        ]
        values = [value[mine] for _, _, value in parts]
        total = sum(w * v for w, v in zip(weights, values, strict=True))
        gathered.append(total / sum(weights))
    return np.concatenate(gathered)


def token_by_token(model, state, actions):
    start = array(state)
    tokens = [network(model.encoder, start)]
    tokens += [linear(model.embedding, action) for action in array(actions)]
    for block in model.blocks:
        following = []
        for now, token in enumerate(tokens):
            token = token + linear(block.merge, attended(block, tokens, now))
            hidden = gelu(linear(block.expand, layer_norm(block.network_norm, token)))
            following.append(token + linear(block.contract, hidden))
        tokens = following
    features = [layer_norm(model.norm, token) for token in tokens[1:]]
    states = [start + linear(model.change, f) for f in features]
    return np.array(states), np.array(
        [linear(model.reward_head, f)[0] for f in features]
    )


def test_rollout_follows_the_equations(key, model):
    state, actions = jnp.array([0.5, -1.0, 2.0]), jax.random.normal(key, (5, 2))
    states, rewards = token_by_token(model, state, actions)
    prediction = model.rollout(state, actions)
    assert np.allclose(prediction.states, states, atol=1e-4)
    assert np.allclose(prediction.rewards, rewards, atol=1e-4)


@pytest.mark.parametrize("piece", [1, 4])
def test_pieces_with_kept_keys_and_values_equal_the_whole(key, model, piece):
    tokens = jax.random.normal(key, (2, 6, 12))
    whole = model.attend(tokens, 6)
    assert np.allclose(model.attend(tokens, piece), whole, atol=1e-5)


def test_only_distances_matter_to_turned_products(key):
    query, other = jax.random.normal(key, (2, 1, 1, 1, 8))

    def product(first, second):
        turned = turn(query, jnp.array([first])), turn(other, jnp.array([second]))
        return jnp.sum(turned[0] * turned[1])

    assert jnp.allclose(product(3, 10), product(103, 110), atol=1e-4)
    assert not jnp.allclose(product(3, 10), product(3, 11), atol=1e-4)
