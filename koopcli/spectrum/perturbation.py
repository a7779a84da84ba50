"""What a small mistake becomes: finite-time growth, and the bound that linear time gives.

Between two re-encodings mode j obeys x' = λ x + u, so |u| ≤ U for all time implies

    |x[k]| ≤ |λ|^k |x[0]| + U Σ_{l<k} |λ|^l,

which for |λ| < 1 is at most |x[0]| + U / (1 - |λ|) for ever.

What the decoder and the re-encodings make of it is measured instead: the growth of the
distance of two rollouts, one from a start or with actions changed a little at random, and
that between parameters in float32 and rounded to bfloat16.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from koopcli.model.dynamics import DynamicsModel

SIZE = 1e-3
"""Size of a change, in standard deviations of the training data."""


@dataclass(frozen=True)
class Bound:
    """The linear part alone.

    Attributes:
        steps: k.
        gain: max over modes of Σ_{l<k} |λ|^l: what bounded inputs can add up to.
        decay: max over modes of |λ|^k: what is left of a start.
        constant: max over modes of 1 / (1 - |λ|); infinite unless all |λ| < 1.
    """

    steps: tuple[int, ...]
    gain: tuple[float, ...]
    decay: tuple[float, ...]
    constant: float

    def statement(self) -> str:
        """Say it in words."""
        if math.isinf(self.constant):
            return (
                "not bounded-input bounded-output: a mode with |λ| >= 1 adds up inputs "
                f"without end (up to {self.gain[-1]:.4g} times in {self.steps[-1]} steps)"
            )
        return (
            "bounded-input bounded-output between re-encodings: inputs to the modes of "
            f"size U keep every latent within |x[0]| + {self.constant:.4g} U"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return asdict(self) | {"statement": self.statement()}


@dataclass(frozen=True)
class Growth:
    """Root mean square distances of decoded rollouts, in standard deviations, per step.

    Attributes:
        state: After a change of the start, divided by its size.
        action: After changes of every action, divided by their size.
        precision: Between parameters in float32 and in bfloat16, as it is.
        reencode_every: Steps between re-encodings in all of them; 0 never.
    """

    state: Float[np.ndarray, " time"]
    action: Float[np.ndarray, " time"]
    precision: Float[np.ndarray, " time"]
    reencode_every: int

    def as_json(self) -> dict[str, Any]:
        """Return the part of the JSON document."""
        return asdict(self)


def bound(eigenvalues: Complex[np.ndarray, " latent"], horizon: int) -> Bound:
    """Bound the latents over 1, 2, 5, 10, … steps up to `horizon`."""
    steps = sorted({k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500) if k < horizon})
    steps.append(horizon)
    modulus = np.abs(eigenvalues)
    with np.errstate(over="ignore"):
        powers = modulus ** np.arange(horizon + 1)[:, None]
        sums = np.cumsum(powers, axis=0)
    largest = float(modulus.max())
    return Bound(
        steps=tuple(steps),
        gain=tuple(float(sums[k - 1].max()) for k in steps),
        decay=tuple(float(powers[k].max()) for k in steps),
        constant=1 / (1 - largest) if largest < 1 else math.inf,
    )


def growth(
    model: DynamicsModel,
    states: Float[np.ndarray, "batch state"],
    actions: Float[np.ndarray, "batch time action"],
    *,
    seed: int = 0,
) -> Growth:
    """Measure how small changes grow, with the re-encodings of the model.

    Args:
        model: The model.
        states: Starts, physical units.
        actions: Recorded actions from there on, physical units.
        seed: Draws the directions of the changes.
    """
    start = model.state_normaliser.standardise(jnp.asarray(states, jnp.float32))
    given = model.action_normaliser.standardise(jnp.asarray(actions, jnp.float32))
    given = jnp.swapaxes(given, 0, 1)
    keys = jax.random.split(jax.random.key(seed), 2)
    every = model.reencoding(None)
    moved = start + SIZE * jax.random.normal(keys[0], start.shape)
    pushed = given + SIZE * jax.random.normal(keys[1], given.shape)
    plain = _roll(model, start, given, every)
    rounded = jax.tree.map(_round, model)
    return Growth(
        state=_distance(_roll(model, moved, given, every), plain) / SIZE,
        action=_distance(_roll(model, start, pushed, every), plain) / SIZE,
        precision=_distance(_roll(rounded, start, given, every), plain),
        reencode_every=every,
    )


@eqx.filter_jit
def _roll(model: DynamicsModel, start: Array, actions: Array, every: int) -> Array:
    return model.forecast(start, actions, reencode_every=every).states


def _round(leaf: Any) -> Any:
    if not eqx.is_inexact_array(leaf):
        return leaf
    return leaf.astype(jnp.bfloat16).astype(leaf.dtype)


def _distance(one: Array, other: Array) -> Float[np.ndarray, " time"]:
    difference = np.asarray(one, np.float64) - np.asarray(other, np.float64)
    return np.sqrt(np.mean(difference**2, axis=(1, 2)))
