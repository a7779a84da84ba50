import math

import linear_plant
import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.config.model import ModelConfig
from koopcli.spectrum import perturbation


def test_the_bound_of_two_modes_by_hand():
    found = perturbation.bound(np.array([0.5 + 0j, -0.9]), 2)
    assert found.steps == (1, 2)
    assert found.gain == pytest.approx((1.0, 1.9))
    assert found.decay == pytest.approx((0.9, 0.81))
    assert found.constant == pytest.approx(10.0)
    assert "within |x[0]| + 10 U" in found.statement()
    assert found.as_json()["constant"] == pytest.approx(10.0)


@pytest.mark.parametrize("modulus", [1.0, 1.1])
def test_without_decay_there_is_no_constant(modulus):
    found = perturbation.bound(np.array([modulus + 0j]), 3)
    assert math.isinf(found.constant)
    assert found.gain[-1] == pytest.approx(1 + modulus + modulus**2)
    assert found.statement().startswith("not bounded-input bounded-output")


def test_no_bounded_input_exceeds_the_bound():
    value, steps = 0.9 * np.exp(0.7j), 60
    x, worst = 0j, perturbation.bound(np.array([value]), steps)
    for k in range(steps):
        # The worst input turns with the mode.
        x = value * x + np.exp(1j * np.angle(value) * k)
    assert abs(x) == pytest.approx(worst.gain[-1])
    assert abs(x) <= worst.constant


def test_growth_through_linear_maps_is_that_of_the_plant(exact, plant_data):
    starts = plant_data.observations[:64]
    actions = np.stack([plant_data.actions[:5]] * 64)
    found = perturbation.growth(exact.model, starts, actions)
    a, b, _ = linear_plant.matrices()
    wanted = np.linalg.norm(np.linalg.matrix_power(a, 5)) / 6**0.5
    assert found.state[4] == pytest.approx(wanted, rel=0.15)
    assert found.action[0] == pytest.approx(np.linalg.norm(b) / 6**0.5, rel=0.2)
    assert 0 < found.precision[0] < 0.1
    assert found.reencode_every == 0


def test_growth_is_measured_with_the_re_encodings_of_the_model():
    config = ModelConfig(
        latent_dim=4, encoder_width=8, decoder_width=8, reencode_every=10
    )
    model = untrained(model_meta(world(), model_config=config))
    data = world()
    actions = np.stack([data.actions[:12]] * 3)
    found = perturbation.growth(model, data.observations[:3], actions)
    assert found.reencode_every == 10
    assert found.as_json()["state"].shape == (12,)
