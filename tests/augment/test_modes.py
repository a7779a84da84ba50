import bilinear_plant
import numpy as np
import pytest
from augmentation_parts import STEPS, coasting, encoded, latent_model
from linear_plant import plant

from koopcli.augment import modes
from koopcli.augment.blocks import Blocks, Encoded
from koopcli.config.augmentation import BILINEAR, AugmentConfig
from koopcli.config.choices import Directions, Symmetry
from koopcli.errors import ConfigError, ModelError


@pytest.fixture(scope="module")
def driven():
    dataset = plant()
    model = latent_model(dataset)
    return model, encoded(model, dataset)


def build(subject, mode, **settings):
    return modes.build(*_order(subject, AugmentConfig(mode=mode, **settings)))


def _order(subject, config):
    model, probe = subject
    return model, config, probe, STEPS


@pytest.mark.parametrize(
    ("mode", "settings", "size"),
    [
        (Symmetry.HOMOGENEOUS, {}, 6),
        (Symmetry.HOMOGENEOUS, {"directions": Directions.FREE}, 8),
        (Symmetry.GAUSSIAN, {"scale": 0.1}, 6 * (STEPS + 1)),
        (Symmetry.FLOW, {}, 1),
        # Scaling everything, and the mode that no action reaches.
        (Symmetry.EQUIVARIANT, {"max_cycle": 0.01}, 2),
        (Symmetry.EQUIVARIANT, {"directions": Directions.FREE}, 8),
        # Of this plant only the last mode has no input, and its phase is no symmetry.
        (Symmetry.COMMUTE, {}, 1),
        (Symmetry.COMMUTE, {"directions": Directions.FREE}, 2),
    ],
)
def test_each_mode_draws_as_many_numbers_as_it_has_freedom(
    driven, mode, settings, size
):
    assert build(driven, mode, **settings).size == size


def test_commute_leaves_modes_with_inputs_alone(driven):
    found = build(driven, Symmetry.COMMUTE).generators
    assert (found[:, :3] == 0).all() and np.abs(found[0, 3]) > 0


def test_commute_is_refused_where_every_mode_has_inputs(driven):
    model, probe = driven
    pushed = Encoded(probe.blocks, probe.latents, probe.inputs + 1.0)
    with pytest.raises(ModelError, match=r"every mode of this model has some.*homogen"):
        build((model, pushed), Symmetry.COMMUTE)


def test_equivariant_is_refused_without_actions():
    model, probe = latent_model(), encoded(latent_model(), plant())
    blocks = Blocks(
        observations=probe.blocks.observations,
        actions=probe.blocks.actions[..., :0],
        rewards=None,
        lengths=probe.blocks.lengths,
    )
    idle = Encoded(blocks, probe.latents, 0 * probe.inputs)
    with pytest.raises(ConfigError, match="use --mode commute"):
        build((model, idle), Symmetry.EQUIVARIANT)


@pytest.mark.parametrize(
    ("mode", "settings", "size"),
    [
        (Symmetry.KFC, {}, 1),
        (Symmetry.KFC_PLUS, {}, 2),
        (Symmetry.GAUSSIAN, {"scale": 0.1}, 2 * (STEPS + 1)),
    ],
)
def test_a_kfc_model_has_modes_of_its_own(mode, settings, size):
    assert build(bilinear(), mode, **settings).size == size


@pytest.mark.parametrize(
    "mode", [m for m in Symmetry if m not in (*BILINEAR, Symmetry.GAUSSIAN)]
)
def test_modes_of_a_diagonal_model_are_refused_on_a_kfc_one(mode):
    words = rf"mode {mode} is for models of --model koopman, and this one is kfc; .*kfc"
    with pytest.raises(ModelError, match=words):
        build(bilinear(), mode)


@pytest.mark.parametrize("mode", BILINEAR)
def test_modes_of_a_kfc_model_are_refused_on_a_diagonal_one(driven, mode):
    words = "for models of --model kfc, and this one is koopman; use --mode homogeneous"
    with pytest.raises(ModelError, match=words):
        build(driven, mode)


def bilinear():
    dataset = bilinear_plant.plant()
    model = bilinear_plant.turning(dataset)
    return model, encoded(model, dataset, steps=1)


def test_without_inputs_all_symmetries_are_offered():
    dataset, model = coasting()
    subject = model, encoded(model, dataset)
    assert build(subject, Symmetry.COMMUTE).size == 6
