"""How true the latents of a Koopman model stay to what it would encode."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from koopcli.data.store import Dataset
from koopcli.data.windows import Starts
from koopcli.evaluate.rollouts import gather
from koopcli.model.checkpoint import SavedModel
from koopcli.model.koopman import KoopmanModel

MAX_STARTS = 512
"""Spread evenly over those of the evaluation; latents are wider than states."""


def consistency(
    saved: Mapping[str, SavedModel],
    dataset: Dataset,
    chosen: Starts,
    horizons: tuple[int, ...],
) -> list[dict[str, Any]]:
    """Return, per run and horizon, how far rolled-out latents are from encoded ones.

    `latent_error` is √(Σ|z[t+h] - E(s[t+h])|² / Σ|E(s[t+h]) - mean|²), z unrolled without
    re-encoding; `reconstruction_nrmse` is the NRMSE of D(E(s[t+h])) against s[t+h].
    """
    count = min(MAX_STARTS, len(chosen))
    few = chosen.take(np.unique(np.linspace(0, len(chosen) - 1, count).astype(int)))
    return [
        {"run": run, "model": str(model.meta.model_config.kind), **row}
        for run, model in saved.items()
        if isinstance(model.model, KoopmanModel)
        for row in _run(model.model, dataset, few, horizons)
    ]


def _run(
    model: KoopmanModel, dataset: Dataset, chosen: Starts, horizons: tuple[int, ...]
) -> list[dict[str, Any]]:
    window = gather(dataset, chosen, horizons[-1])
    steps = jnp.asarray(np.array(horizons) - 1)
    states, actions = jnp.asarray(window.states), jnp.asarray(window.actions)
    rolled = np.asarray(_rolled(model, states, actions, steps))
    scale = dataset.output_statistics.observations.scale
    rows = []
    for place, horizon in enumerate(horizons):
        known = chosen.remaining >= horizon
        truth = dataset.observations[chosen.observation_rows[known] + horizon]
        encoded, decoded = (
            np.asarray(part) for part in _pair(model, jnp.asarray(truth))
        )
        error = np.sum(np.abs(rolled[place][known] - encoded) ** 2, dtype=np.float64)
        spread = np.sum(np.abs(encoded - encoded.mean(0)) ** 2, dtype=np.float64)
        outputs = slice(0, len(scale))
        missed = (decoded[:, outputs].astype(np.float64) - truth[:, outputs]) / scale
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = float(np.sqrt(error / spread)) if spread > 0 else np.nan
        rows.append(
            {
                "horizon": horizon,
                "latent_error": ratio,
                "reconstruction_nrmse": float(np.sqrt((missed**2).mean())),
                "starts": int(known.sum()),
            }
        )
    return rows


@eqx.filter_jit
def _rolled(
    model: KoopmanModel, states: Array, actions: Array, steps: Array
) -> Array | None:
    start = jax.vmap(model.state_normaliser.standardise)(states)
    inputs = jax.vmap(jax.vmap(model.action_normaliser.standardise))(actions)
    return model.segment(start, jnp.swapaxes(inputs, 0, 1), steps).latents


@eqx.filter_jit
def _pair(model: KoopmanModel, states: Array) -> tuple[Array, Array]:
    encoded = jax.vmap(model.encode)(states)
    return encoded, jax.vmap(model.decode)(encoded)
