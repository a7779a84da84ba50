"""The linear plant, with and without inputs, as blocks and as an exact diagonal model."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from linear_plant import exact, matrices, plant
from linear_world import write_run, write_world

from koopcli.augment.blocks import encode, gather
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.data.windows import start_table

STEPS = 8
ROUNDING = 2e-5
"""Of float32 through encoder, powers and decoder, in units of the state."""


def latent_model(dataset=None):
    """The exact model of the plant: its own modes, nothing else."""
    found = exact(dataset or plant())
    return DiagonalModel(found.model, found.meta)


def coasting():
    """The plant and its model without inputs: B is zero, the actions do nothing."""
    a = matrices()[0]
    dataset = plant()
    observations = dataset.observations.astype(np.float64)
    for start, length in zip(dataset.observation_starts, dataset.lengths, strict=True):
        for row in range(start, start + length):
            observations[row + 1] = a @ observations[row]
    dataset = replace(dataset, observations=observations.astype(np.float32))
    model = latent_model(dataset)
    still = eqx.tree_at(
        lambda m: m.action_encoder.layers[0].weight,
        model.model,
        jnp.zeros_like(model.model.action_encoder.layers[0].weight),
    )
    return dataset, DiagonalModel(still, model.meta)


def encoded(model, dataset, steps=STEPS):
    """The first blocks of the training episodes, as the model sees them."""
    table = start_table(dataset, "train", stride=steps)
    return encode(
        model, gather(dataset, table.at(np.arange(min(12, len(table)))), steps)
    )


def defect(blocks, push=True):
    """Largest |s[t+1] - A s[t] - B a[t]| under the true plant."""
    a, b, _ = matrices()
    states = blocks.observations.astype(np.float64)
    forced = blocks.actions @ b.T if push else 0.0
    error = states[:, 1:] - states[:, :-1] @ a.T - forced
    return np.abs(error[blocks.steps]).max()


def write_plant(folder, dataset=None, model=None):
    """Write a run folder and a dataset file; return both paths."""
    dataset = dataset or plant()
    model = model or latent_model(dataset)
    run = write_run(folder / "run", model.meta, model.model)
    return run, write_world(folder / "plant.h5", dataset)
