import equinox as eqx
import jax
import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.data.windows import starts
from koopcli.evaluate.latents import consistency
from koopcli.model.checkpoint import SavedModel


@pytest.fixture
def saved():
    meta = model_meta(world())
    return SavedModel(untrained(meta), meta)


def test_latents_are_compared_as_the_formula_says(saved, dataset):
    chosen = starts(dataset, "test")
    (row,) = consistency({"a": saved}, dataset, chosen, (1,))
    model = saved.model
    now = dataset.observations[chosen.observation_rows]
    then = dataset.observations[chosen.observation_rows + 1]
    actions = dataset.actions[chosen.step_rows]
    encoded = np.asarray(jax.vmap(model.encode)(then))
    drive = model.drive(jax.vmap(model.action_normaliser.standardise)(actions))
    rolled = np.asarray(model.eigenvalues()[None] * jax.vmap(model.encode)(now) + drive)
    spread = (np.abs(encoded - encoded.mean(0)) ** 2).sum()
    expected = np.sqrt((np.abs(rolled - encoded) ** 2).sum() / spread)
    assert row["latent_error"] == pytest.approx(expected, rel=1e-4)
    decoded = np.asarray(jax.vmap(model.decode)(encoded))
    missed = (decoded - then) / dataset.statistics.observations.scale
    assert row["reconstruction_nrmse"] == pytest.approx(
        np.sqrt((missed**2).mean()), rel=1e-4
    )
    assert (row["run"], row["horizon"], row["starts"]) == ("a", 1, 45)


def test_a_horizon_counts_the_starts_that_see_so_far(saved, dataset):
    chosen = starts(dataset, "test")
    rows = consistency({"a": saved}, dataset, chosen, (1, 22))
    assert [row["starts"] for row in rows] == [45, 4]


def test_latents_that_never_vary_have_no_relative_error(saved, dataset):
    flat = eqx.tree_at(
        lambda m: m.encoder,
        saved.model,
        replace_fn=lambda net: jax.tree.map(lambda leaf: leaf * 0, net),
    )
    chosen = starts(dataset, "test")
    (row,) = consistency({"a": SavedModel(flat, saved.meta)}, dataset, chosen, (1,))
    assert np.isnan(row["latent_error"])
