import numpy as np
from augmentation_parts import STEPS, encoded, latent_model
from linear_plant import plant

from koopcli.augment import noise


def test_every_state_gets_its_own_draw_in_deviations():
    dataset = plant()
    model = latent_model(dataset)
    recorded = encoded(model, dataset)
    operator = noise.gaussian(model, STEPS)
    assert operator.size == (STEPS + 1) * 6
    draw = np.random.default_rng(0).normal(size=(12, operator.size))
    found = operator.move(recorded, draw)
    shift = found.blocks.observations - recorded.blocks.observations
    expected = draw.reshape(12, STEPS + 1, 6) * model.reach
    np.testing.assert_allclose(shift, expected, atol=1e-5)
    assert found.latents is None and found.finite.all()
