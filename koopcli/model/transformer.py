"""A causal Transformer over the first state and the actions.

    z[0] = E(s[0]),   z[t+1] = W a[t] + b
    z ← z + Attention(norm z),   z ← z + F(norm z)          in each block
    ŝ[t+1] = s[0] + O(norm z[t+1]),   r̂[t] = R(norm z[t+1])

where attention sees earlier tokens only and F is a perceptron with GELU, four times as
wide. Source: Vaswani et al. 2017, arXiv:1706.03762; norms before the blocks and small
initial outputs: Radford et al. 2019 (GPT-2). Positions turn queries and keys, so that
only distances matter and longer horizons than trained need no new parameters: Su et al.
2021, arXiv:2104.09864.

Predictions are not fed back: the model reads the actions alone, hence in parallel.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.config.model import ModelConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.networks import LayerNorm, Linear, Network, shrink
from koopcli.model.normaliser import Normaliser, identity

PIECE = 128
"""Tokens that attend in one piece: a training window is one, a long rollout has several."""
BASE = 10_000.0
"""Ratio of the slowest to the fastest turn of the positions, nearly."""


class Block(eqx.Module):
    """Attention, then a perceptron, each a residual on what was normalised."""

    attention_norm: LayerNorm
    projection: Linear
    merge: Linear
    network_norm: LayerNorm
    expand: Linear
    contract: Linear
    heads: int = eqx.field(static=True)

    def __init__(self, config: ModelConfig, *, key: PRNGKeyArray):
        """Build a block whose residuals keep the variance of all blocks together near 1."""
        keys, width = jax.random.split(key, 4), config.width
        factor = (2 * config.depth) ** -0.5
        self.attention_norm, self.network_norm = LayerNorm(width), LayerNorm(width)
        self.projection = Linear(width, 3 * width, key=keys[0])
        self.merge = shrink(Linear(width, width, key=keys[1]), factor)
        self.expand = Linear(width, 4 * width, key=keys[2])
        self.contract = shrink(Linear(4 * width, width, key=keys[3]), factor)
        self.heads = config.heads

    def project(
        self, tokens: Float[Array, "batch time width"], positions: Int[Array, " time"]
    ) -> tuple[Array, Array, Array]:
        """Return queries, keys and values, each `(batch, time, heads, size)`."""
        projected = self.projection(self.attention_norm(tokens))
        split = projected.reshape(*tokens.shape[:2], 3 * self.heads, -1)
        query, key, value = jnp.split(split, 3, axis=2)
        return turn(query, positions), turn(key, positions), value

    def finish(
        self,
        tokens: Float[Array, "batch time width"],
        attended: Float[Array, "batch time heads size"],
    ) -> Float[Array, "batch time width"]:
        """Add what attention gathered, then the perceptron's share."""
        tokens = tokens + self.merge(attended.reshape(tokens.shape))
        hidden = jax.nn.gelu(self.expand(self.network_norm(tokens)))
        return tokens + self.contract(hidden)


class TransformerModel(DynamicsModel):
    """See the module's equations.

    Attributes:
        encoder: E, from the first state to the first token.
        embedding: W and b, from an action to its token.
        blocks: One after the other.
        norm: Before the outputs.
        change: O, the change since the first state.
        reward_head: R; None without rewards.
    """

    encoder: Network
    embedding: Linear
    blocks: tuple[Block, ...]
    norm: LayerNorm
    change: Linear
    reward_head: Linear | None
    state_normaliser: Normaliser
    action_normaliser: Normaliser
    reward_normaliser: Normaliser | None
    config: ModelConfig = eqx.field(static=True)

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model, near persistence, whose normalisers do nothing."""
        keys, width = jax.random.split(key, 4 + config.depth), config.width
        self.encoder = Network(
            dims.state, width, width=width, depth=1, skip=config.skip, key=keys[0]
        )
        self.embedding = Linear(dims.action, width, key=keys[1])
        self.change = shrink(Linear(width, dims.state, key=keys[2]), 0.1)
        self.reward_head = Linear(width, 1, key=keys[3]) if dims.reward else None
        self.blocks = tuple(Block(config, key=block_key) for block_key in keys[4:])
        self.norm = LayerNorm(width)
        self.state_normaliser = identity(dims.state)
        self.action_normaliser = identity(dims.action)
        self.reward_normaliser = identity(1) if dims.reward else None
        self.config = config

    def segment(
        self,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        steps: Int[Array, " chosen"],
    ) -> Forecast:
        """Attend to all that went before; see `DynamicsModel.segment`."""
        tokens = jnp.concatenate([self.encoder(start)[None], self.embedding(actions)])
        tokens = jnp.moveaxis(tokens, 0, 1)
        tokens = self.attend(tokens)[:, steps + 1]
        features = self.norm(jnp.moveaxis(tokens, 1, 0))
        rewards = None if self.reward_head is None else self.reward_head(features)
        return Forecast(
            steps=steps,
            states=start[None] + self.change(features),
            rewards=None if rewards is None else rewards[..., 0],
        )

    def attend(
        self, tokens: Float[Array, "batch time width"], piece: int = PIECE
    ) -> Float[Array, "batch time width"]:
        """Apply the blocks, `piece` tokens at a time, keeping all keys and values.

        The result does not depend on `piece`. What does is memory, O(piece · time)
        rather than O(time²), and that the first tokens never meet the last ones.
        """
        time = tokens.shape[1]
        memories: list[tuple[Array, Array]] = []
        done = []
        for first in range(0, time, piece):
            positions = jnp.arange(first, min(first + piece, time))
            seen = jnp.arange(first + positions.size)[None] <= positions[:, None]
            part, earlier, memories = tokens[:, first : first + piece], memories, []
            for index, block in enumerate(self.blocks):
                query, keys, values = block.project(part, positions)
                if earlier:
                    keys, values = (
                        jnp.concatenate(pair, axis=1)
                        for pair in zip(earlier[index], (keys, values), strict=True)
                    )
                memories.append((keys, values))
                attended = jax.nn.dot_product_attention(
                    query, keys, values, mask=seen[None, None]
                )
                part = block.finish(part, attended)
            done.append(part)
        return jnp.concatenate(done, axis=1)


def turn(
    x: Float[Array, "batch time heads size"], positions: Int[Array, " time"]
) -> Float[Array, "batch time heads size"]:
    """Turn the pairs (x_i, x_{i + size/2}) by position · BASE^(-2i / size)."""
    half = x.shape[-1] // 2
    rates = BASE ** (-jnp.arange(half, dtype=jnp.float32) / half)
    angles = positions.astype(jnp.float32)[:, None] * rates[None]
    cos, sin = jnp.cos(angles)[None, :, None], jnp.sin(angles)[None, :, None]
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate(
        [first * cos - second * sin, first * sin + second * cos], axis=-1
    )
