import numpy as np
import pytest
from linear_world import model_meta, untrained, world

from koopcli.augment import latent_model as module
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.latent_model import by_rows
from koopcli.model.normaliser import Normaliser


@pytest.mark.parametrize("rows", [1, 4, 5, 11])
def test_rows_go_through_in_pieces_whose_sizes_are_powers_of_two(monkeypatch, rows):
    monkeypatch.setattr(module, "ROWS", 4)
    sizes = []

    def double(part):
        sizes.append(len(part))
        return 2 * part

    values = np.arange(6.0 * rows).reshape(rows, 2, 3)
    np.testing.assert_array_equal(by_rows(double, values), 2 * values)
    assert set(sizes) <= {2, 4}


def test_columns_that_never_vary_are_out_of_reach():
    meta = model_meta(world())
    model = DiagonalModel(untrained(meta), meta)
    assert model.reach[2] == 0 and (model.reach[:2] == model.state_scale[:2]).all()


def test_units_are_those_of_the_normaliser():
    scale = module.scale_of(Normaliser(np.array([1.0, 2.0]), np.array([3.0, 0.5])))
    np.testing.assert_array_equal(scale, [3.0, 0.5])
