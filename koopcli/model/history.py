"""A rollout of delay-embedded data that lives on its own predictions.

Such an observation holds samples of the past: outputs and inputs. Where a prediction is
fed back as a start (re-encoding), its past is known better than the model can decode it:
it is what was predicted on the way, and the actions that were given. Nothing measured
after the start enters.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from koopcli.delays import Delays
from koopcli.model.normaliser import Normaliser


class History(eqx.Module):
    """Outputs and inputs before the present, newest first, physical units.

    Attributes:
        samples: Row j is j + 1 steps before the present: outputs, then inputs.
        known: Whether it is known; between the lags of the start it is not.
    """

    samples: Float[Array, "past batch column"]
    known: Bool[Array, " past"]


class Recall(eqx.Module):
    """Takes samples of the past out of observations and puts them in.

    Without `delays` there are none: every prediction is a start as it is.
    """

    states: Normaliser
    actions: Normaliser
    delays: Delays | None = eqx.field(static=True)

    def begin(self, start: Float[Array, "batch state"]) -> History | None:
        """Return what the first observation (standard units) says of the past."""
        if self.delays is None:
            return None
        state = self.states.restore(start)
        rows = jnp.array(self.delays.lags, int) - 1
        width = len(self.delays.outputs) + len(self.delays.inputs)
        empty = jnp.zeros((self.delays.past, len(start), width), state.dtype)
        places = [jnp.array(place, int) for place in columns(self.delays)]
        given = jnp.stack([state[:, place] for place in places])
        return History(
            samples=empty.at[rows].set(given),
            known=jnp.zeros(self.delays.past, bool).at[rows].set(True),
        )

    def resume(
        self,
        history: History | None,
        start: Float[Array, "batch state"],
        actions: Float[Array, "time batch action"],
        states: Float[Array, "chosen batch state"],
    ) -> tuple[Float[Array, "batch state"], History | None]:
        """Return the last of `states` with its known past, as the next start.

        Args:
            history: What preceded `start`.
            start: Start of the block, standard units, as all here.
            actions: What was given in the block.
            states: What was predicted, one after each action; without `delays` the last
                one is enough.
        """
        if self.delays is None or history is None:
            return states[-1], None
        outputs, past = len(self.delays.outputs), self.delays.past
        passed = self.states.restore(jnp.concatenate([start[None], states[:-1]]))
        given = self.actions.restore(actions)
        block = jnp.concatenate([passed[..., :outputs], given], axis=-1)[::-1]
        seen = jnp.concatenate([jnp.ones(len(block), bool), history.known])[:past]
        history = History(jnp.concatenate([block, history.samples])[:past], seen)
        physical = self.states.restore(states[-1])
        for lag, place in zip(self.delays.lags, columns(self.delays), strict=True):
            at = (slice(None), jnp.array(place, int))
            known, sample = history.known[lag - 1], history.samples[lag - 1]
            physical = physical.at[at].set(jnp.where(known, sample, physical[at]))
        return self.states.standardise(physical), history


def columns(delays: Delays) -> list[tuple[int, ...]]:
    """Return the columns of an observation at each lag: outputs, then inputs."""
    outputs, inputs, count = len(delays.outputs), len(delays.inputs), delays.count
    return [
        (
            *range(k * outputs, (k + 1) * outputs),
            *range(count * outputs + (k - 1) * inputs, count * outputs + k * inputs),
        )
        for k in range(1, count)
    ]
