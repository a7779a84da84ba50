"""The training objective: each term a mean of squares in standard units.

With x̂ the unrolled latents from the first state of a window, E and D the encoder and
decoder, and k over a part of the window's steps (`koopcli.model.readout`):

    prediction      mean w[k] |D(x̂[k]) - s[k]|²
    consistency     mean |x̂[k] - E(s[k])|²      before the first re-encoding
    reconstruction  mean |D(E(s[0])) - s[0]|²
    reward          mean w[k] |R(x̂[k], a[k-1]) - r[k-1]|²
    one_step        mean |D(Λ E(s[t]) + B̄ ψ(a[t])) - s[t+1]|²   from random t of the window
    one_step_reward the reward of those steps
    instability     Σ max(|λ| - 1, 0)²           (only when stability is soft)

The first two are those of Mondal et al. 2024, arXiv:2306.11941 (there summed over all
k). Prediction and reward weigh each k by `koopcli.train.step_weights`. The two of one step
are this project's: they start any model from states that were measured, where the long
prediction only ever shows it its own (docs/ablations.md).

Those of a kfc model are as published (Weissenbacher et al. 2022, arXiv:2111.01365): Huber's
function in place of the square, for states; and all states of the window are reconstructed,
with noise on them.

Of a batch that several devices share, or that one takes slice by slice, each part has its
part of every mean: they add up.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray

from koopcli.config.choices import Stability
from koopcli.config.training import LossConfig
from koopcli.model.dynamics import DynamicsModel, Forecast
from koopcli.model.kfc import KfcModel
from koopcli.model.koopman import KoopmanModel
from koopcli.train import step_weights
from koopcli.train.batches import Batch
from koopcli.train.step_weights import Misses

Terms = dict[str, Float[Array, ""]]


def total(
    model: DynamicsModel,
    batch: Batch,
    config: LossConfig,
    *,
    key: PRNGKeyArray,
    errors: Float[Array, " time"] | None = None,
) -> tuple[Float[Array, ""], tuple[Terms, Misses]]:
    """Return the weighted sum; every unweighted term, by name; errors by steps ahead."""
    terms, misses = compute_terms(model, batch, config, key=key, errors=errors)
    weights = {
        "prediction": config.prediction,
        "consistency": config.consistency,
        "reconstruction": config.reconstruction,
        "reward": config.reward,
        "one_step": config.one_step,
        "one_step_reward": config.one_step * config.reward,
        "instability": config.instability,
    }
    loss = sum((weights[name] * term for name, term in terms.items()), jnp.float32(0))
    return loss, ({"loss": loss, **terms}, misses)


def compute_terms(
    model: DynamicsModel,
    batch: Batch,
    config: LossConfig,
    *,
    key: PRNGKeyArray,
    errors: Float[Array, " time"] | None = None,
) -> tuple[Terms, Misses]:
    """Return each term that applies to this model and data; those of weight 0 may not.

    Args:
        model: As the gradient step sees it.
        batch: Windows.
        config: Weights, and how many steps are decoded.
        key: Draws those steps.
        errors: Of each step ahead up to now, which say how much it counts; None: alike.

    Returns:
        The terms by name, and the errors of the states by steps ahead.
    """
    forecast = model.forecast_some(
        batch.states[0],
        batch.actions,
        reencode_every=model.config.reencode_every or 0,
        fraction=config.decode_fraction,
        key=key,
    )
    steps = forecast.steps
    error = model.penalty(forecast.states - batch.states[steps + 1])
    misses = step_weights.measure(lax.stop_gradient(error), batch.mask, steps)
    weights = jnp.ones((len(steps), 1, 1))
    if errors is not None:
        weights = step_weights.weights(errors, config.balance)[steps, None, None]
    terms = {"prediction": batch.mean(weights * error, steps)}
    if forecast.rewards is not None and batch.rewards is not None:
        rewarded = steps[: len(forecast.rewards)]
        error = (forecast.rewards - batch.rewards[rewarded])[..., None] ** 2
        terms["reward"] = batch.mean(weights[: len(rewarded)] * error, rewarded)
    if config.one_step:
        drawn_key = jax.random.fold_in(key, 1)
        terms |= _one_step_terms(model, batch, config, drawn_key)
    if isinstance(model, KoopmanModel):
        terms |= _koopman_terms(model, batch, forecast, config)
    if isinstance(model, KfcModel) and config.reconstruction:
        noise_key = jax.random.fold_in(key, 2)
        terms["reconstruction"] = _reconstruction(model, batch, config, noise_key)
    return terms, misses


def _reconstruction(
    model: KfcModel, batch: Batch, config: LossConfig, key: PRNGKeyArray
) -> Float[Array, ""]:
    states = batch.states + config.noise * _normal(key, batch)
    states = model.state_normaliser.confine(states)
    error = model.penalty(model.read(model.lift(states)) - states)
    # The first state of a window exists if its first step does.
    steps = jnp.maximum(jnp.arange(-1, len(batch.mask)), 0)
    return batch.mean(error, steps)


def _normal(key: PRNGKeyArray, batch: Batch) -> Float[Array, "points batch state"]:
    # Drawn for the whole batch: a window has the same noise whichever part it is in.
    points, count, states = batch.states.shape
    whole = jax.random.normal(key, (points, count * batch.parts, states))
    if batch.parts == 1:
        return whole
    return lax.dynamic_slice_in_dim(whole, batch.first_window(), count, axis=1)


def _one_step_terms(
    model: DynamicsModel,
    batch: Batch,
    config: LossConfig,
    key: PRNGKeyArray,
) -> dict[str, Float[Array, ""]]:
    time, count = batch.mask.shape
    drawn = max(1, round(config.decode_fraction * time))
    steps = jax.random.randint(key, (drawn,), 0, time)
    # One long batch, since a window of one step does not know what window it is from.
    forecast = model.segment(
        batch.states[steps].reshape(drawn * count, -1),
        batch.actions[steps].reshape(1, drawn * count, batch.actions.shape[-1]),
        jnp.arange(1),
    )
    states = forecast.states.reshape(drawn, count, -1)
    error = model.penalty(states - batch.states[steps + 1])
    terms = {"one_step": batch.mean(error, steps)}
    if forecast.rewards is not None and batch.rewards is not None:
        error = forecast.rewards.reshape(drawn, count) - batch.rewards[steps]
        terms["one_step_reward"] = batch.mean(error[..., None] ** 2, steps)
    return terms


def _koopman_terms(
    model: KoopmanModel, batch: Batch, forecast: Forecast, config: LossConfig
) -> dict[str, Float[Array, ""]]:
    assert forecast.latents is not None
    terms = {}
    if config.consistency:
        # Later blocks may remember what their states do not show; see the gate.
        latents = forecast.latents
        steps = forecast.steps[: len(latents)]
        goal = model.lift(batch.states[steps + 1])
        if config.stop_gradient:
            goal = lax.stop_gradient(goal)
        distance = (latents.real - goal.real) ** 2 + (latents.imag - goal.imag) ** 2
        terms["consistency"] = batch.mean(distance, steps)
    if config.reconstruction:
        first = batch.states[0]
        error = model.read(model.lift(first)) - first
        terms["reconstruction"] = jnp.mean(error**2) / batch.parts
    if model.config.stability is Stability.SOFT:
        terms["instability"] = instability(model) / batch.parts
    return terms


def instability(model: KoopmanModel) -> Float[Array, ""]:
    """Return Σ max(|λ| - 1, 0)²."""
    modulus = jnp.exp(jnp.real(model.spectrum.log()))
    return jnp.sum(jnp.maximum(modulus - 1, 0) ** 2)
