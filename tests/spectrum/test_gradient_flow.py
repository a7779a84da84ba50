import jax
import linear_plant
import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.config.choices import ModelKind
from koopcli.config.evaluation import InspectConfig
from koopcli.config.model import ModelConfig
from koopcli.model.build import build
from koopcli.spectrum import gradient_flow, modal, pairs


def windows(dataset, horizon):
    return pairs.probes(dataset, InspectConfig(probes=3), horizon)


def test_autodiff_agrees_with_the_theorem_to_one_in_ten_thousand():
    # An untrained model with every part nonlinear, at its training horizon.
    config = ModelConfig(
        latent_dim=6, encoder_width=8, decoder_width=8, reencode_every=10
    )
    meta = model_meta(world(), model_config=config, horizon=50)
    model = modal.of(modal.SavedModel(untrained(meta), meta))
    found = gradient_flow.measure(model, 50, windows(world(), 12))
    assert found.steps == tuple(range(1, 51))
    assert found.worst < 1e-4
    moduli = np.abs(np.asarray(untrained(meta).eigenvalues()))
    assert found.measured[49] == pytest.approx(moduli**50, abs=1e-4)
    assert found.reencode_every == 10
    # Up to the first re-encoding both rollouts are one linear stretch.
    assert found.rollout_gain[:10] == pytest.approx(found.state_gain[:10], rel=1e-4)
    assert abs(found.rollout_gain[10] / found.state_gain[10] - 1) > 1e-3


def test_growing_modes_make_gradients_grow(plant_data):
    model = linear_plant.exact(plant_data, [(1.1, np.zeros(6))])
    found = gradient_flow.measure(model, 20)
    assert found.measured[-1, -1] == pytest.approx(1.1**20, rel=1e-4)
    assert found.state_gain is None and found.bend is None


def test_through_linear_maps_the_gain_is_that_of_the_plant(exact, plant_data):
    found = gradient_flow.measure(exact, 8, windows(plant_data, 8))
    a, _, _ = linear_plant.matrices()
    wanted = [np.linalg.norm(np.linalg.matrix_power(a, k)) / 6**0.5 for k in (1, 8)]
    assert found.state_gain[[0, 7]] == pytest.approx(wanted, rel=1e-4)
    assert found.bend[0] == 1.0
    assert found.as_json()["rollout_gain"] is None
    assert len(found.as_json()["predicted_rms"]) == 8


def test_beyond_the_data_there_is_no_gain(exact, plant_data):
    found = gradient_flow.measure(exact, 10, windows(plant_data, 4))
    assert np.isfinite(found.state_gain).tolist() == [True] * 4 + [False] * 6


def test_long_horizons_are_sampled():
    assert len(gradient_flow._steps(1000)) == gradient_flow.MAX_STEPS
    assert gradient_flow._steps(1000)[-1] == 1000
    assert gradient_flow._steps(1) == (1,)


def test_a_model_that_is_not_diagonal_has_no_flow():
    config = ModelConfig(kind=ModelKind.EDMDC, features=3, reencode_every=0)
    meta = model_meta(world(), model_config=config)
    model = build(config, meta.dimensions, key=jax.random.key(0))
    assert gradient_flow.measure(modal.of(modal.SavedModel(model, meta)), 5) is None
