import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from linear_plant import TRUE
from linear_world import model_meta, untrained, world

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.errors import ModelError
from koopcli.model import checkpoint
from koopcli.model.build import build
from koopcli.spectrum import modal

EDMDC = ModelConfig(kind=ModelKind.EDMDC, features=3, reencode_every=0)


def saved(config):
    meta = model_meta(world(), model_config=config)
    return modal.SavedModel(build(config, meta.dimensions, key=jax.random.key(0)), meta)


def test_a_diagonal_model_is_its_modes(exact, plant_data):
    assert exact.eigenvalues == pytest.approx(TRUE, abs=1e-6)
    states, actions = plant_data.observations[:5], plant_data.actions[:5]
    model = exact.model
    assert exact.observe(states) == pytest.approx(model.lift(jnp.asarray(states)))
    assert exact.drive(actions) == pytest.approx(
        np.asarray(model.drive(jnp.asarray(actions)))
    )


def test_rows_beyond_a_block_are_the_same_numbers(exact, plant_data, monkeypatch):
    states = plant_data.observations[:7]
    whole = exact.observe(states)
    monkeypatch.setattr(modal, "ROWS", 3)
    assert exact.observe(states) == pytest.approx(whole)


def test_edmdc_is_diagonalised_and_steps_as_the_model_does(key):
    stored = saved(EDMDC)
    keys = jax.random.split(key, 2)
    size = len(stored.model.offset)
    model = eqx.tree_at(
        lambda m: (m.dynamics, m.inputs, m.offset),
        stored.model,
        (
            0.4 * jax.random.normal(keys[0], (size, size)),
            jax.random.normal(keys[1], (1, size)),
            jnp.arange(size) / 10,
        ),
    )
    found = modal.of(modal.SavedModel(model, stored.meta))
    data = world()
    states, actions = data.observations[:4], data.actions[:4]
    lifted = np.asarray(
        model.lift(model.state_normaliser.standardise(jnp.asarray(states)))
    )
    step = lifted @ np.asarray(model.dynamics) + actions @ np.asarray(model.inputs)
    step = step + np.asarray(model.offset)
    moved = found.eigenvalues * found.observe(states) + found.drive(actions)
    back = moved @ np.linalg.inv(found.basis)
    assert back == pytest.approx(step, abs=1e-4)


def test_a_run_folder_is_read(tmp_path, dataset):
    meta = model_meta(dataset)
    checkpoint.save(tmp_path / "model.eqx", untrained(meta), meta)
    found = modal.load(tmp_path)
    values = np.asarray(untrained(meta).eigenvalues())
    assert found.eigenvalues == pytest.approx(values)
    assert np.exp(1j * found.phases) == pytest.approx(values / np.abs(values), abs=1e-5)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"holds no model\.eqx"):
        modal.load(tmp_path)


def test_a_model_without_eigenvalues_is_refused():
    stored = saved(ModelConfig(kind=ModelKind.MLP, width=4))
    with pytest.raises(
        ModelError, match="runs/x: a mlp model has no eigenvalues; give"
    ):
        modal.of(stored, "runs/x")
