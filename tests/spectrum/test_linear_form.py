import jax
import jax.numpy as jnp
import linear_plant
import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.model.build import build
from koopcli.model.normaliser import Normaliser
from koopcli.spectrum import linear_form, modal


def test_the_matrices_roll_out_as_the_model_does(exact, plant_data):
    form = linear_form.of(exact)
    assert form.exact == linear_form.Exact(True, True, True)
    state, actions = plant_data.observations[0], plant_data.actions[:20]
    start = form.encoder_matrix @ state + form.encoder_offset
    rolled = linear_form.simulate(form, start, actions)
    wanted = exact.model.rollout(jnp.asarray(state), jnp.asarray(actions)).states
    assert rolled == pytest.approx(np.asarray(wanted), abs=1e-4)
    assert rolled == pytest.approx(plant_data.observations[1:21], abs=1e-3)


def test_edmdc_is_exact_in_its_matrices_and_uses_physical_units(key):
    config = ModelConfig(kind=ModelKind.EDMDC, features=3, reencode_every=0)
    meta = model_meta(world(), model_config=config)
    model = build(config, meta.dimensions, key=key)
    size = len(model.offset)
    values = {
        "dynamics": 0.3 * jax.random.normal(key, (size, size)),
        "inputs": jnp.ones((1, size)),
        "offset": jnp.arange(size) / 10,
        "state_normaliser": Normaliser(np.arange(3.0), np.array([1.0, 2.0, 4.0])),
        "action_normaliser": Normaliser(np.array([0.5]), np.array([3.0])),
    }
    for name, value in values.items():
        object.__setattr__(model, name, value)
    found = modal.of(modal.SavedModel(model, meta))
    form = linear_form.of(found)
    assert form.exact == linear_form.Exact(True, True, False)
    data = world()
    state, actions = data.observations[0], data.actions[:6]
    rolled = linear_form.simulate(form, found.observe(state[None])[0], actions)
    wanted = model.rollout(jnp.asarray(state), jnp.asarray(actions)).states
    assert rolled == pytest.approx(np.asarray(wanted), rel=1e-3, abs=1e-3)


def test_what_is_not_linear_is_a_derivative_and_says_so():
    meta = model_meta(world())
    found = modal.of(modal.SavedModel(untrained(meta), meta))
    form = linear_form.of(found)
    assert form.exact == linear_form.Exact(False, False, False)
    mean = found.observe(np.zeros((1, 3)))[0]
    near = found.observe(np.array([[1e-2, 0.0, 0.0]]))[0]
    assert (near - mean) / 1e-2 == pytest.approx(form.encoder_matrix[:, 0], abs=0.02)
    assert form.encoder_offset == pytest.approx(mean, abs=1e-5)


def test_an_autonomous_model_has_no_input():
    data = world(actions=0)
    meta = model_meta(data)
    form = linear_form.of(modal.of(modal.SavedModel(untrained(meta), meta)))
    assert form.input_matrix.shape == (4, 0)
    assert form.exact.input


def test_other_seeds_of_the_plant_are_exact_too():
    data = linear_plant.plant(seed=3, episodes=2, length=5)
    model = linear_plant.exact(data, seed=3)
    rolled = model.model.rollout(
        jnp.asarray(data.observations[0]), jnp.asarray(data.actions[:5])
    )
    assert np.asarray(rolled.states) == pytest.approx(data.observations[1:6], abs=1e-4)
