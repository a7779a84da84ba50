"""Losses that were tried on the Koopman model and did not enter the program.

`koopman_variants.py` runs them; docs/ablations.md says what came of it. Each takes the
terms of the program and returns others, which must keep their names.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax

from koopcli.model.networks import pack, unpack
from koopcli.train import loss

PROGRAM, ONE_STEP = loss.compute_terms, loss._one_step_terms
NOISE = 0.02
"""Standard deviation of the noise on the first state, in standard units."""
ENTROPY, VARIANCE = 0.01, 0.1
"""Weights of the regularisers, of the prediction loss."""


def noise(model, batch, config, *, key, errors):
    """The first state of every window is not quite the measured one."""
    drawn = jax.random.normal(jax.random.fold_in(key, 9), batch.states[0].shape)
    states = batch.states.at[0].add(NOISE * drawn)
    noisy = eqx.tree_at(lambda b: b.states, batch, states)
    return PROGRAM(model, noisy, config, key=key, errors=errors)


def fewer(model, batch, config, *, key, errors):
    """One step from measured states at half as many places of the window."""
    fewer = dataclasses.replace(config, decode_fraction=config.decode_fraction / 2)
    loss._one_step_terms = lambda model, batch, _, *rest: ONE_STEP(
        model, batch, fewer, *rest
    )
    return PROGRAM(model, batch, config, key=key, errors=errors)


def starts(model, batch, config, *, key, errors):
    """Block steps from measured states inside the window, not one (many starts of one
    window): x̂(t→t+k) = Λᵏ(x[t] - c[t]) + c[t+k], c the response of the window to its
    actions alone, unrolled once."""
    found, misses = PROGRAM(model, batch, config, key=key, errors=errors)
    time, count = batch.mask.shape
    every = model.config.reencode_every
    zero = jnp.zeros((count, 2 * model.config.latent_dim))
    response = pack(jnp.concatenate([zero[None], model._unroll(zero, batch.actions)]))
    first_key, ahead_key = jax.random.split(jax.random.fold_in(key, 1))
    drawn = max(1, round(config.decode_fraction * time))
    first = jax.random.randint(first_key, (drawn,), 0, time)
    ahead = jax.random.randint(ahead_key, (drawn,), 1, every + 1)
    last = jnp.minimum(first + ahead, time)
    power = model.eigenvalues() ** (last - first)[:, None, None]
    measured = model.lift(batch.states[first])
    latents = power * (measured - response[first]) + response[last]
    error = (model.read(latents) - batch.states[last]) ** 2
    found["one_step"] = batch.mean(error, last - 1)
    rewards = model.reward(latents, batch.actions[last - 1])
    error = (rewards - batch.rewards[last - 1]) ** 2
    found["one_step_reward"] = batch.mean(error[..., None], last - 1)
    return found, misses


def dimensions(model, batch, config, *, key, errors):
    """Each dimension of the state weighs as much as its error is large now, to the -1/2."""
    found, misses = PROGRAM(model, batch, config, key=key, errors=errors)
    forecast, error = _prediction(model, batch, config, key)
    mask = batch.mask[forecast.steps]
    each = jnp.sum(jnp.where(mask[..., None], error, 0), (0, 1)) + 1e-9
    weight = lax.stop_gradient(each**-0.5)
    weight = weight / jnp.mean(weight)
    found["prediction"] = batch.mean(weight[None, None] * error, forecast.steps)
    return found, misses


def entropy(model, batch, config, *, key, errors):
    """Von Neumann entropy of the latents' covariance is raised (arXiv:2510.13025)."""
    found, misses = PROGRAM(model, batch, config, key=key, errors=errors)
    parts = unpack(_prediction(model, batch, config, key)[0].latents)
    parts = parts.reshape(-1, parts.shape[-1])
    parts = parts - jnp.mean(parts, 0, keepdims=True)
    density = parts.T @ parts / jnp.sum(parts**2)
    # Tr ρ log ρ up to what Tr ρ² says of it: Rényi's entropy of order two, no eigenvalues.
    found["prediction"] += ENTROPY * jnp.log(jnp.sum(density**2))
    return found, misses


def variance(model, batch, config, *, key, errors):
    """Latents below unit variance are punished (VICReg, arXiv:2105.04906)."""
    found, misses = PROGRAM(model, batch, config, key=key, errors=errors)
    parts = unpack(_prediction(model, batch, config, key)[0].latents)
    spread = jnp.std(parts, axis=(0, 1))
    found["prediction"] += VARIANCE * jnp.mean(jnp.maximum(0, 1 - spread))
    return found, misses


def _prediction(model, batch, config, key):
    forecast = model.forecast_some(
        batch.states[0],
        batch.actions,
        reencode_every=model.config.reencode_every,
        fraction=config.decode_fraction,
        key=key,
    )
    return forecast, (forecast.states - batch.states[forecast.steps + 1]) ** 2


LOSSES = {
    "noise": noise,
    "fewer": fewer,
    "starts": starts,
    "dimensions": dimensions,
    "entropy": entropy,
    "variance": variance,
}
