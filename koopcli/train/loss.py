"""The training objective: each term a mean of squares in standard units.

With x̂ the unrolled latents from the first state of a window, E and D the encoder and
decoder, and k over a random subset of the window's steps:

    prediction      mean |D(x̂[k]) - s[k]|²
    consistency     mean |x̂[k] - E(s[k])|²      (target held fixed unless told otherwise)
    reconstruction  mean |D(E(s[0])) - s[0]|²
    reward          mean |R(x̂[k], a[k-1]) - r[k-1]|²
    instability     Σ max(|λ| - 1, 0)²           (only when stability is soft)

The first two are those of Mondal et al. 2024, arXiv:2306.11941 (there summed over all
k). Decoding a subset drawn anew at every step leaves the expectation unchanged.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from koopcli.config import LossConfig, Stability
from koopcli.model.koopman import KoopmanModel
from koopcli.train.batches import Batch


def total(
    model: KoopmanModel, batch: Batch, config: LossConfig, *, key: PRNGKeyArray
) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
    """Return the weighted sum and every unweighted term, by name."""
    terms = compute_terms(model, batch, config, key=key)
    weights = {
        "prediction": config.prediction,
        "consistency": config.consistency,
        "reconstruction": config.reconstruction,
        "reward": config.reward,
        "instability": config.instability,
    }
    loss = sum((weights[name] * term for name, term in terms.items()), jnp.float32(0))
    return loss, {"loss": loss, **terms}


def compute_terms(
    model: KoopmanModel, batch: Batch, config: LossConfig, *, key: PRNGKeyArray
) -> dict[str, Float[Array, ""]]:
    """Return each term that applies to this model and data."""
    steps = choose_steps(key, batch.mask.shape[0], config.decode_fraction)
    mask, targets = batch.mask[steps], batch.states[steps + 1]
    start = model.lift(batch.states[0])
    # Time stays the first axis, so that the sequential unroll needs no transposition.
    latents = eqx.filter_vmap(model.advance, in_axes=(0, 1), out_axes=1)(
        start, model.drive(batch.actions)
    )[steps]
    goal = model.lift(targets)
    if config.stop_gradient:
        goal = lax.stop_gradient(goal)
    distance = jnp.abs(latents.real - goal.real) ** 2 + (latents.imag - goal.imag) ** 2
    terms = {
        "prediction": masked_mean((model.read(latents) - targets) ** 2, mask),
        "consistency": masked_mean(distance, mask),
        "reconstruction": jnp.mean((model.read(start) - batch.states[0]) ** 2),
    }
    if model.reward_head is not None and batch.rewards is not None:
        reward = model.reward(latents, batch.actions[steps])
        error = (reward - batch.rewards[steps]) ** 2
        terms["reward"] = masked_mean(error[..., None], mask)
    if model.config.stability is Stability.SOFT:
        terms["instability"] = instability(model)
    return terms


def instability(model: KoopmanModel) -> Float[Array, ""]:
    """Return Σ max(|λ| - 1, 0)²."""
    modulus = jnp.exp(jnp.real(model.spectrum.log()))
    return jnp.sum(jnp.maximum(modulus - 1, 0) ** 2)


def masked_mean(
    values: Float[Array, "chosen batch dim"], mask: Bool[Array, "chosen batch"]
) -> Float[Array, ""]:
    """Mean over the entries that `mask` keeps; 0 if it keeps none."""
    kept = jnp.where(mask[..., None], values, 0.0)
    count = jnp.maximum(jnp.sum(mask), 1) * values.shape[-1]
    return jnp.sum(kept) / count.astype(jnp.float32)


def choose_steps(
    key: PRNGKeyArray, horizon: int, fraction: float
) -> Int[Array, " chosen"]:
    """Draw distinct steps of 0 … horizon-1, sorted; the same for the whole batch."""
    count = max(1, round(fraction * horizon))
    if count == horizon:
        return jnp.arange(horizon)
    return jnp.sort(jax.random.permutation(key, horizon)[:count])
