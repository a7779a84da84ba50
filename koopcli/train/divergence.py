"""What is said when training diverges: which term, which tensor, which batch."""

from pathlib import Path
from typing import Never

import equinox as eqx
import jax
import jax.numpy as jnp

from koopcli import run_dir
from koopcli.config.training import RunConfig
from koopcli.errors import DivergedError
from koopcli.model.dynamics import DynamicsModel
from koopcli.train import loss, optimizer
from koopcli.train.batches import sampling_key
from koopcli.train.precision import lowered
from koopcli.train.step import Data, batch_at

REMEDY = "Lower --learning-rate or use --stability strict"


def stop(
    run: Path, model: DynamicsModel, step: int, data: Data, config: RunConfig
) -> Never:
    """Say which part of a step is not finite. `model` is the last good one.

    Raises:
        DivergedError: Always.
    """
    raise DivergedError(
        f"{run}: {_guilty(model, step, data, config)} became non-finite at step {step} "
        f"(batch: seed {config.train.seed}, step {step}), and so did the "
        f"{config.train.max_bad_steps} steps after it (--max-bad-steps); "
        f"{run_dir.LAST_MODEL} holds the last good model. {REMEDY}"
    )


def explode(run: Path, step: int, value: float, limit: float) -> Never:
    """Say that the loss is far above what it was.

    Raises:
        DivergedError: Always.
    """
    raise DivergedError(
        f"{run}: the loss has grown to {value:.3g} by step {step}, more than "
        f"train.max_loss_growth allows ({limit:.3g}); {run_dir.BEST_MODEL}, if there is "
        f"one, is the best model before. {REMEDY}"
    )


def _guilty(model: DynamicsModel, step: int, data: Data, config: RunConfig) -> str:
    batch, key = batch_at(
        data, sampling_key(config.train.seed), jnp.int32(step), config
    )
    used = lowered(model, config.train.precision)
    terms, _ = loss.compute_terms(used, batch, config.loss, key=key)
    for name, value in terms.items():
        if not jnp.isfinite(value):
            return f"the {name} loss"
    parameters, frozen = eqx.partition(model, optimizer.trainable(model))

    def objective(parameters: DynamicsModel) -> jax.Array:
        joined = lowered(eqx.combine(parameters, frozen), config.train.precision)
        return loss.total(joined, batch, config.loss, key=key)[0]

    gradient = jax.grad(objective)(parameters)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        if not jnp.isfinite(leaf).all():
            return f"the gradient of {jax.tree_util.keystr(path).lstrip('.')}"
    return "the norm of the gradient"
