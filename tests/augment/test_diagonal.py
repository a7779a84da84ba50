import numpy as np
import pytest
from augmentation_parts import ROUNDING, coasting, defect, encoded, latent_model
from linear_plant import plant

from koopcli.augment import diagonal, generators

ALL = np.ones(4, bool)


@pytest.fixture(scope="module")
def still():
    dataset, model = coasting()
    return model, encoded(model, dataset)


def test_found_operators_commute_with_the_dynamics_to_rounding(still):
    model, recorded = still
    states = recorded.blocks.observations[:, 0]
    found = generators.on_image(model, states, ALL)
    factor = diagonal.exponential(found, np.random.default_rng(0).normal(size=(5, 8)))
    time = np.diag(np.exp(model.exponents))
    for row in factor:
        shift = np.diag(row)
        assert np.abs(shift @ time - time @ shift).max() <= 1e-15 * np.abs(row).max()


def test_without_inputs_a_found_symmetry_obeys_the_true_plant(still):
    model, recorded = still
    states = recorded.blocks.observations[:, 0]
    found = generators.best(generators.on_image(model, states, ALL), 6, 0.5)
    operator = diagonal.commute(model, found)
    draw = 0.2 * np.random.default_rng(0).normal(size=(12, operator.size))
    after = operator.move(recorded, draw).blocks
    assert np.abs(after.observations - recorded.blocks.observations).max() > 0.05
    assert defect(after, push=False) < ROUNDING


def test_flow_by_one_step_is_the_next_observation(still):
    model, recorded = still
    found = diagonal.flow(model).move(recorded, np.ones((12, 1)))
    np.testing.assert_allclose(
        found.blocks.observations[:, :-1],
        recorded.blocks.observations[:, 1:],
        atol=ROUNDING,
    )


def test_equal_scaling_of_all_modes_scales_the_actions_too():
    dataset = plant()
    model = latent_model(dataset)
    recorded = encoded(model, dataset)
    # log σ = 0.5 for every mode: the plant is linear, so states and actions scale.
    one = generators.Generators(np.ones((1, 4), np.complex128), np.zeros(1))
    found = diagonal.equivariant(model, one).move(recorded, np.full((12, 1), 0.5))
    grown = np.exp(0.5)
    np.testing.assert_allclose(
        found.blocks.actions, grown * recorded.blocks.actions, atol=1e-4
    )
    np.testing.assert_allclose(
        found.blocks.observations, grown * recorded.blocks.observations, atol=1e-4
    )
    assert defect(found.blocks) < 1e-4
    assert found.action_miss.max() < 1e-4
