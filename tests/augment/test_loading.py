from dataclasses import replace

import jax
import numpy as np
import pytest
from augmentation_parts import write_plant
from bilinear_plant import SCALE, TURN, turning
from bilinear_plant import plant as bilinear
from linear_plant import TRUE, plant
from linear_world import model_meta, untrained, world, write_run

from koopcli.augment.bilinear_model import BilinearModel
from koopcli.augment.loading import load
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.delays import Delays
from koopcli.errors import ModelError
from koopcli.model.build import build


def test_a_run_is_read_back(tmp_path):
    run, _ = write_plant(tmp_path)
    np.testing.assert_allclose(np.exp(load(run).exponents), TRUE, atol=1e-6)


def test_so_is_a_run_of_the_published_model(tmp_path):
    model = turning(bilinear())
    found = load(write_run(tmp_path / "kfc", model.meta, model.model))
    assert isinstance(found, BilinearModel)
    np.testing.assert_allclose(found.parts[1], SCALE * TURN, atol=1e-7)


def test_models_of_other_kinds_are_refused(tmp_path):
    meta = model_meta(plant(), model_config=ModelConfig(kind=ModelKind.MLP, width=8))
    model = build(meta.model_config, meta.dimensions, key=jax.random.key(0))
    run = write_run(tmp_path / "mlp", meta, model)
    with pytest.raises(
        ModelError, match=r"mlp model has no latents with symmetries.*kfc"
    ):
        load(run)


def test_models_of_delay_embedded_data_are_refused(tmp_path):
    delays = Delays(2, 1, ("x",), ("u",))
    dataset = replace(world(), observation_names=delays.names)
    meta = model_meta(dataset, delays=delays)
    run = write_run(tmp_path / "delayed", meta, untrained(meta))
    with pytest.raises(ModelError, match="delay-embedded data"):
        load(run)
