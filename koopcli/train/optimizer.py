"""Muon for matrices, AdamW for the rest; or AdamW for all.

Muon follows the mean of the gradients of a matrix with all its singular values made one, so
that rare directions learn as fast as common ones: the error after a given number of steps
is 5 to 45 % lower (docs/ablations.md). Source: Jordan et al. 2024,
https://kellerjordan.github.io/posts/muon; its steps are as large as those of Adam, as in
Liu et al. 2025, arXiv:2502.16982.

Eigenvalue parameters are a group of their own, which AdamW moves at its own rate and does
not decay. They are angles and log-decays per step, of which a model has few and on which
everything depends over a long horizon. Three times the rate of the networks recovered the
spectrum of a known plant where a third of it did not (docs/benchmarks.md).
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from koopcli.config.choices import Method
from koopcli.config.training import OptimizerConfig
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.eigenvalues import Eigenvalues
from koopcli.model.koopman import KoopmanModel
from koopcli.train.orthogonal import orthogonal

MOMENTUM = 0.95
"""Memory of the mean gradient that Muon follows."""

RMS = 0.2
"""Root of the mean square of a step of Muon, in step sizes; what one of Adam has."""


class Rates(eqx.Module):
    """The numbers of the optimiser, as inputs of a compiled program: any run can share it.

    Attributes:
        peak: Step size after warm-up.
        final: Step size at the end, as a share of the peak.
        warmup: Steps of the linear warm-up.
        decay: Steps of the cosine after it.
        eigenvalues: Step size of the eigenvalue parameters, as a share of the others'.
        weight_decay: Decoupled weight decay of matrices.
        beta2: Memory of the second moment.
        clip_norm: Largest global norm of the gradient.
    """

    peak: Float[Array, ""]
    final: Float[Array, ""]
    warmup: Float[Array, ""]
    decay: Float[Array, ""]
    eigenvalues: Float[Array, ""]
    weight_decay: Float[Array, ""]
    beta2: Float[Array, ""]
    clip_norm: Float[Array, ""]

    def at(self, count: Int[Array, "*steps"]) -> Float[Array, "*steps"]:
        """Return the step size after `count` steps: linear warm-up, then a cosine."""
        share = jnp.clip((count - self.warmup) / self.decay, 0.0, 1.0)
        cosine = 0.5 * (1 + jnp.cos(jnp.pi * share))
        falling = self.final + (1 - self.final) * cosine
        return self.peak * jnp.where(count < self.warmup, count / self.warmup, falling)


def rates(config: OptimizerConfig, steps: int) -> Rates:
    """Return the numbers of a run of `steps` gradient steps."""
    warmup = min(max(1, round(config.warmup * steps)), max(1, steps - 1))
    return Rates(
        peak=jnp.float32(config.learning_rate),
        final=jnp.float32(config.final_rate),
        warmup=jnp.float32(warmup),
        decay=jnp.float32(max(steps - warmup, 1)),
        eigenvalues=jnp.float32(config.eigenvalue_rate),
        weight_decay=jnp.float32(config.weight_decay),
        beta2=jnp.float32(config.beta2),
        clip_norm=jnp.float32(config.clip_norm),
    )


def adamw(rates: Rates) -> optax.GradientTransformation:
    """Clip by the global norm, then update each group with its own AdamW."""
    return _grouped(rates, matrices=_adamw(rates))


def muon(rates: Rates) -> optax.GradientTransformation:
    """Clip by the global norm, then update matrices with Muon and the rest with AdamW."""
    matrices = optax.chain(
        optax.trace(MOMENTUM, nesterov=True),
        optax.stateless(_orthogonal),
        optax.add_decayed_weights(rates.weight_decay),
        optax.scale_by_learning_rate(rates.at),
    )
    return _grouped(rates, matrices=matrices)


METHODS: dict[Method, Callable[[Rates], optax.GradientTransformation]] = {
    Method.MUON: muon,
    Method.ADAMW: adamw,
}
"""How each method turns gradients into steps."""


def _grouped(
    rates: Rates, matrices: optax.GradientTransformation
) -> optax.GradientTransformation:
    spectral = optax.adamw(
        lambda count: rates.eigenvalues * rates.at(count),
        b2=rates.beta2,
        weight_decay=0.0,
    )
    transformations = {
        "eigenvalues": spectral,
        "matrices": matrices,
        "others": _adamw(rates),
    }
    return optax.chain(
        optax.clip_by_global_norm(rates.clip_norm),
        optax.partition(transformations, label),
    )


def _adamw(rates: Rates) -> optax.GradientTransformation:
    return optax.adamw(
        rates.at, b2=rates.beta2, weight_decay=rates.weight_decay, mask=_decays
    )


def _orthogonal(updates: Any, _: Any) -> Any:
    # An orthogonal matrix of m rows and n columns has entries of about 1 / √max(m, n).
    return jax.tree.map(lambda m: RMS * max(m.shape) ** 0.5 * orthogonal(m), updates)


def trainable(model: DynamicsModel) -> DynamicsModel:
    """Return a tree of booleans: the arrays to optimise (not the normalisers)."""
    everything = jax.tree.map(eqx.is_inexact_array, model)
    frozen = jax.tree.map(
        lambda _: False,
        (model.state_normaliser, model.action_normaliser, model.reward_normaliser),
    )
    return eqx.tree_at(
        lambda m: (m.state_normaliser, m.action_normaliser, m.reward_normaliser),
        everything,
        frozen,
        is_leaf=lambda node: node is None,
    )


def label(parameters: DynamicsModel) -> DynamicsModel:
    """Name the group of every parameter."""

    def name(part: Any) -> Any:
        if isinstance(part, Eigenvalues):
            return jax.tree.map(lambda _: "eigenvalues", part)
        return jax.tree.map(lambda p: "matrices" if p.ndim == 2 else "others", part)

    labels = jax.tree.map(
        name, parameters, is_leaf=lambda part: isinstance(part, Eigenvalues)
    )
    if isinstance(parameters, KoopmanModel):
        labels = eqx.tree_at(lambda m: m.log_gain, labels, "eigenvalues")
    return labels


def _decays(parameters: DynamicsModel) -> DynamicsModel:
    # Biases are not decayed: decay acts on the size of maps, not on offsets.
    return jax.tree.map(lambda leaf: leaf.ndim > 1, parameters)
