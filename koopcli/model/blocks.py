"""A forecast of the Koopman model for training: block after block, most steps not decoded.

The decoder costs more than time itself. Inside the loop it reads the ends of blocks alone,
which the next block starts from; steps drawn at random are read after it, in one product.
"""

from typing import Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from koopcli.model import readout
from koopcli.model.dynamics import Forecast
from koopcli.model.networks import Network, pack
from koopcli.model.normaliser import Normaliser


class Memory(eqx.Module):
    """What a block passes on to the next.

    Attributes:
        latents: Its last latents, real parts, then imaginary ones.
        known: 0 before the first block, else 1.
    """

    latents: Float[Array, "batch parts"]
    known: Float[Array, ""]


Carry = tuple[Array, Memory]
"""The state that a block starts from (batch, state), and what the one before passed on."""


@runtime_checkable
class Recurrence(Protocol):
    """The parts of a `KoopmanModel` that a block is made of; standard units."""

    decoder: Network
    reward_head: Network | None
    state_normaliser: Normaliser

    def nothing(self, batch: int) -> Memory:
        """Return what the first block remembers."""

    def restart(
        self, state: Float[Array, "batch state"], memory: Memory
    ) -> Float[Array, "batch parts"]:
        """Return the latents that a block starts from."""

    def drive_rows(
        self, actions: Float[Array, "*batch action"]
    ) -> Float[Array, "*batch 2 latent"]:
        """Return what actions add to the latents."""

    def advance_parts(
        self,
        start: Float[Array, "batch parts"],
        drive: Float[Array, "time batch 2 latent"],
    ) -> Float[Array, "time batch parts"]:
        """Return the latents of a block."""

    def reward_parts(
        self,
        latents: Float[Array, "*batch parts"],
        actions: Float[Array, "*batch action"],
    ) -> Float[Array, "*batch"]:
        """Return the rewards of steps."""


class Read(eqx.Module):
    """What a group of blocks hands out.

    Attributes:
        drawn: Latents of the steps drawn.
        first: Latents at the end of its first block.
        ends: States at the ends of all its blocks.
    """

    drawn: Float[Array, "*group drawn batch parts"]
    first: Float[Array, "*group batch parts"]
    ends: Float[Array, "*group block batch state"]


def forecast(
    model: Recurrence,
    start: Float[Array, "batch state"],
    actions: Float[Array, "time batch action"],
    every: int,
    fraction: float,
    key: PRNGKeyArray,
) -> Forecast:
    """Decode the ends of blocks and steps drawn at random; rewards at some of them.

    `latents` and `rewards` of the result are of its first rows: those before the first
    re-encoding; and all that were drawn, with one end of every group.

    Args:
        model: Its networks and recurrence.
        start: The only states used.
        actions: Actions from there on.
        every: Steps of a block, fewer than `actions` has.
        fraction: About which share of the steps to draw.
        key: Draws them.
    """
    time = len(actions)
    shape = readout.groups(time, every, fraction)
    steps = readout.draw(key, shape, every, fraction)
    size = shape.blocks * every
    whole = shape.number * size
    groups = actions[:whole].reshape(shape.number, size, *actions.shape[1:])

    def group(carry: Carry, given: tuple[Array, Array]) -> tuple[Carry, Read]:
        actions, drawn = given
        carry, latents, ends = _advance(model, carry, actions, every)
        return carry, Read(latents[drawn], latents[every - 1], ends)

    carry = start, model.nothing(len(start))
    carry, read = lax.scan(group, carry, (groups, steps))
    origin = size * np.arange(shape.number)
    near, far = steps[0], (steps + origin[:, None])[1:].reshape(-1)
    beyond = read.drawn[1:].reshape(-1, *read.drawn.shape[2:])
    ends = read.ends.reshape(-1, *start.shape)
    if whole < time:
        # Too little for a group: read out whole.
        _, rest, more = _advance(model, carry, actions[whole:], every)
        left = np.arange(whole, time)
        left = left[(left + 1) % every > 0]
        far = jnp.append(far, left)
        beyond = jnp.concatenate([beyond, rest[left - whole]])
        ends = jnp.concatenate([ends, more])

    # Rows in this order: drawn in the first block and its end; drawn later, and the first
    # end of every other group; the ends that are left.
    firsts = origin // every
    others = np.setdiff1d(np.arange(len(ends)), firsts)
    rewarded = jnp.concatenate(
        [near, _end(firsts[:1], every), far, _end(firsts[1:], every)]
    )
    latents = jnp.concatenate([read.drawn[0], read.first[:1], beyond, read.first[1:]])
    decoded = model.decoder(jnp.concatenate([read.drawn[0], beyond]))
    before, behind = decoded[: len(near)], decoded[len(near) :]
    return Forecast(
        steps=jnp.append(rewarded, _end(others, every)),
        states=jnp.concatenate(
            [before, ends[firsts[:1]], behind, ends[firsts[1:]], ends[others]]
        ),
        rewards=None
        if model.reward_head is None
        else model.reward_parts(latents, actions[rewarded]),
        latents=pack(latents[: len(near) + 1]),
    )


def _advance(
    model: Recurrence,
    carry: Carry,
    actions: Float[Array, "time batch action"],
    every: int,
) -> tuple[Carry, Float[Array, "time batch parts"], Float[Array, "block batch state"]]:
    # All latents of a few blocks, and the states at the ends of whole ones.
    state, memory = carry
    drive, latents, ends = model.drive_rows(actions), [], []
    for first in range(0, len(actions), every):
        start = model.restart(state, memory)
        block = model.advance_parts(start, drive[first : first + every])
        memory = Memory(latents=block[-1], known=jnp.float32(1))
        latents.append(block)
        if len(block) == every:
            ends.append(model.decoder(block[-1]))
            state = model.state_normaliser.confine(ends[-1])
    return (
        (state, memory),
        jnp.concatenate(latents),
        jnp.stack(ends) if ends else jnp.zeros((0, *state.shape)),
    )


def _end(block: np.ndarray, every: int) -> np.ndarray:
    return (block + 1) * every - 1
