"""Fits the model of `koopcli.model.edmdc` in closed form.

The regression of (z[t+1], r[t]) on (z[t], a[t]) runs over every transition of the training
split. What least squares cannot know, the ridge and the steps between re-encodings, is
chosen by the error over many steps on validation episodes: a small ridge is best one step
ahead and worst in the long run.
"""

import dataclasses
import math
from collections.abc import Iterator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from koopcli.config.choices import Stability
from koopcli.data.store import Dataset
from koopcli.data.windows import start_table
from koopcli.model.dimensions import Dimensions
from koopcli.model.edmdc import EdmdcModel
from koopcli.model.observables import FourierFeatures
from koopcli.train.batches import standardise
from koopcli.train.eigenbasis import stabilise
from koopcli.train.least_squares import Block, Moments, Ridge, accumulate
from koopcli.train.validation import Validate

RIDGES: tuple[float, ...] = (1e-1, 1e-2, 1e-3, 1e-6)
"""Penalties to choose from; of equals the first is taken."""
INTERVALS: tuple[int, ...] = (1, 2, 5, 10, 20, 50, 0)
"""Steps between re-encodings to choose from; 0 never."""
FALLBACK_RIDGE, FALLBACK_INTERVAL = 1e-2, 5
"""What is taken where there are no validation episodes to choose on."""
ROWS = 4096
"""Transitions per block."""
PAIRS = 1000
"""Pairs of states whose distances give the kernel bandwidth."""


def fit(
    model: EdmdcModel, dataset: Dataset, seed: int, validate: Validate | None
) -> tuple[EdmdcModel, float]:
    """Fit an untrained model whose normalisers are in place.

    Args:
        model: Says which settings are given and which are to be chosen.
        dataset: Its training split is fitted.
        seed: Draws the pairs of states that give the bandwidth.
        validate: Judges the choices; None: the fallbacks are taken.

    Returns:
        The model, with all settings filled in, and its mean squared error one step ahead
        on the training data, standard units.
    """
    if isinstance(model.observables, FourierFeatures):
        features = model.observables.with_distance(median_distance(dataset, seed))
        model = eqx.tree_at(lambda m: m.observables, model, features)
    moments = accumulate(transitions(model, dataset))
    regression = Ridge(moments)
    ridges, intervals = _options(model, chosen=validate is not None)

    def candidates() -> Iterator[tuple[EdmdcModel, float, int]]:
        for ridge in ridges:
            fitted = with_weights(model, moments, regression.solve(ridge))
            yield from ((fitted, ridge, every) for every in intervals)

    def error(candidate: tuple[EdmdcModel, float, int]) -> float:
        fitted, _, every = candidate
        nmse = validate(fitted, every)["nmse"] if validate else math.inf
        return nmse if math.isfinite(nmse) else math.inf

    fitted, ridge, every = min(candidates(), key=error)
    return _settled(fitted, ridge, every), _one_step(fitted, moments)


def _options(
    model: EdmdcModel, *, chosen: bool
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    ridge, every = model.config.ridge, model.config.reencode_every
    ridges = RIDGES if chosen else (FALLBACK_RIDGE,)
    intervals = INTERVALS if chosen else (FALLBACK_INTERVAL,)
    return (
        ridges if ridge is None else (ridge,),
        intervals if every is None else (every,),
    )


def median_distance(dataset: Dataset, seed: int) -> float:
    """Return the median distance of two random training states; 1 if it is 0."""
    random, table = np.random.default_rng(seed), start_table(dataset, "train")
    pairs = random.choice(len(table), (2, PAIRS))
    rows = table.at(pairs.ravel()).observation_rows
    first, second = np.asarray(_states(dataset, rows)).reshape(2, PAIRS, -1)
    return float(np.median(np.linalg.norm(first - second, axis=1))) or 1.0


def _states(dataset: Dataset, rows: np.ndarray) -> Array:
    columns = dataset.statistics.observations
    return jnp.asarray(standardise(dataset.observations[rows], columns))


# Not a function of each fit: JAX would keep the program of every one for ever.
@eqx.filter_jit
def _lift(model: EdmdcModel, states: Array) -> Array:
    return model.lift(states)


def transitions(model: EdmdcModel, dataset: Dataset) -> Iterator[Block]:
    """Yield (z[t], a[t]) and (z[t+1], r[t]) of every start, `ROWS` at a time.

    A start has a successor in its own episode, so no pair crosses the end of one.
    """
    table, statistics = start_table(dataset, "train"), dataset.statistics
    for first in range(0, len(table), ROWS):
        chosen = table.at(np.arange(first, min(first + ROWS, len(table))))
        rows, steps = chosen.observation_rows, chosen.step_rows
        now, then = (
            np.asarray(_lift(model, _states(dataset, part)))
            for part in (rows, rows + 1)
        )
        x = [now, standardise(dataset.actions[steps], statistics.actions)]
        y = [then]
        if dataset.rewards is not None and statistics.rewards is not None:
            y.append(standardise(dataset.rewards[steps], statistics.rewards)[:, None])
        yield (
            np.concatenate(x, axis=1, dtype=np.float64),
            np.concatenate(y, axis=1, dtype=np.float64),
        )


def with_weights(
    model: EdmdcModel, moments: Moments, weights: Float[np.ndarray, "input target"]
) -> EdmdcModel:
    """Put the solution of the regression into the model.

    With strict stability, growing modes are tamed first and the constants taken
    afterwards, so that the average prediction stays right.
    """
    size = len(model.offset)
    weights = weights.copy()
    if model.config.stability is Stability.STRICT:
        weights[:size, :size] = stabilise(weights[:size, :size])
    offset = moments.offset(weights)
    parts = [weights[:size, :size], weights[size:, :size], offset[:size]]
    if model.reward_weights is not None:
        parts += [weights[:, size], offset[size]]
    return eqx.tree_at(_fitted, model, [jnp.asarray(p, jnp.float32) for p in parts])


def _fitted(model: EdmdcModel) -> list:
    reward = [model.reward_weights, model.reward_offset]
    found = [model.dynamics, model.inputs, model.offset, *reward]
    return [part for part in found if part is not None]


def _one_step(model: EdmdcModel, moments: Moments) -> float:
    weights = np.concatenate([model.dynamics, model.inputs], dtype=np.float64)
    size, states = len(model.offset), model.state_normaliser.mean.size
    kept = dataclasses.replace(
        moments, y=moments.y[:size], xy=moments.xy[:, :size], yy=moments.yy[:size]
    )
    return float(kept.error(weights)[:states].mean())


def _settled(model: EdmdcModel, ridge: float, every: int) -> EdmdcModel:
    # The configuration is part of the structure of the tree, so a new one needs a new tree.
    config = dataclasses.replace(model.config, ridge=ridge, reencode_every=every)
    dims = Dimensions(
        state=model.state_normaliser.mean.size,
        action=len(model.inputs),
        reward=model.reward_weights is not None,
    )
    other = eqx.filter_eval_shape(EdmdcModel, config, dims, key=jax.random.key(0))
    return jax.tree.unflatten(jax.tree.structure(other), jax.tree.leaves(model))
