"""AdamW in two groups: eigenvalue parameters have their own rate and do not decay.

They are angles and log-decays per step, of which a model has few and on which everything
depends over a long horizon. Three times the rate of the networks recovered the spectrum
of a known plant where a third of it did not (docs/benchmarks.md).
"""

from typing import Any

import equinox as eqx
import jax
import optax

from koopcli.config.training import OptimizerConfig
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.eigenvalues import Eigenvalues
from koopcli.model.koopman import KoopmanModel


def learning_rate(config: OptimizerConfig, steps: int) -> optax.Schedule:
    """Linear warm-up to the peak, then a cosine down to the final rate."""
    warmup = min(max(1, round(config.warmup * steps)), max(1, steps - 1))
    return optax.warmup_cosine_decay_schedule(
        init_value=0.0,
        peak_value=config.learning_rate,
        warmup_steps=warmup,
        decay_steps=max(steps, warmup + 1),
        end_value=config.final_rate * config.learning_rate,
    )


def build(config: OptimizerConfig, steps: int) -> optax.GradientTransformation:
    """Clip by the global norm, then update each group with its own AdamW."""
    rate = learning_rate(config, steps)
    spectral = optax.adamw(
        lambda count: config.eigenvalue_rate * rate(count),
        b2=config.beta2,
        weight_decay=0.0,
    )
    networks = optax.adamw(
        rate, b2=config.beta2, weight_decay=config.weight_decay, mask=_is_matrix
    )
    groups = optax.partition({"eigenvalues": spectral, "networks": networks}, label)
    return optax.chain(optax.clip_by_global_norm(config.clip_norm), groups)


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
        spectral = isinstance(part, Eigenvalues)
        return jax.tree.map(lambda _: "eigenvalues" if spectral else "networks", part)

    labels = jax.tree.map(
        name, parameters, is_leaf=lambda part: isinstance(part, Eigenvalues)
    )
    if isinstance(parameters, KoopmanModel):
        labels = eqx.tree_at(lambda m: m.log_gain, labels, "eigenvalues")
    return labels


def _is_matrix(parameters: DynamicsModel) -> DynamicsModel:
    # Biases are not decayed: decay acts on the size of maps, not on offsets.
    return jax.tree.map(lambda leaf: leaf.ndim > 1, parameters)
