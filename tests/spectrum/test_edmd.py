import linear_plant
import numpy as np
import pytest
from linear_plant import TRUE

from koopcli.config.choices import Split
from koopcli.config.evaluation import InspectConfig
from koopcli.spectrum import edmd, pairs


@pytest.fixture(scope="module")
def both(exact, plant_data):
    return [
        pairs.gather(exact, plant_data, split, InspectConfig())
        for split in (Split.TRAIN, Split.TEST)
    ]


def test_least_squares_finds_the_true_spectrum_with_its_mirror_image(both):
    found = edmd.fit(*both)
    assert len(found.eigenvalues) == 6
    wanted = np.r_[TRUE, TRUE[:2].conj()]
    nearest, residual = found.nearest(wanted)
    assert nearest == pytest.approx(wanted, abs=1e-4)
    assert residual.max() < 1e-4


def test_the_pseudospectrum_is_zero_at_eigenvalues_only(both):
    found = edmd.pseudospectrum(both[1], 23)
    assert found.tau.shape == (12, 23)
    assert found.directions == 6
    place = (0, int(np.argmin(np.abs(found.real - 1.0))))
    assert found.tau[place] < 1e-3
    assert found.tau[0, 0] > 0.05
    assert found.tau[-1].min() > 0.05


def test_tau_is_the_smallest_residual_of_any_function(both):
    # One direction: τ(z) = |y - z x| / |x|, by hand.
    values = np.array([[1.0], [-1.0], [1.0], [-1.0]], complex)
    one = pairs.Pairs(
        both[1].modal, both[1].dataset, both[1].starts, values, 0 * values, 0.5 * values
    )
    found = edmd.pseudospectrum(one, 3)
    assert found.tau[0] == pytest.approx([1.6, 0.5, 0.6])


def test_a_dictionary_is_bounded(plant_data, monkeypatch):
    monkeypatch.setattr(edmd, "MAX_DIRECTIONS", 3)
    model = linear_plant.exact(plant_data)
    found = pairs.gather(model, plant_data, Split.TEST, InspectConfig())
    assert edmd.pseudospectrum(found, 3).directions == 3
