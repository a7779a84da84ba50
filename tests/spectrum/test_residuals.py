import math

import linear_plant
import numpy as np
import pytest
from linear_plant import TRUE

from koopcli.config.choices import Split
from koopcli.config.evaluation import InspectConfig
from koopcli.spectrum import pairs, residuals

CONFIG = InspectConfig(resamples=50)


def test_exact_modes_have_no_residual_and_a_planted_one_has(held_out):
    found = residuals.measure(held_out, CONFIG)
    assert found.residual[: len(TRUE)].max() < 1e-5
    assert found.residual[-1] > 0.3
    assert found.verified.tolist() == [True] * len(TRUE) + [False]
    assert (found.low <= found.residual + 1e-12).all()
    assert (found.residual <= found.high + 1e-12).all()
    assert found.low[-1] < found.high[-1]


def test_residuals_many_steps_ahead_are_small_for_exact_modes_too(held_out):
    found = residuals.measure(held_out, CONFIG)
    assert found.lags == (1, 2, 5, 10, 20)
    assert found.by_lag[0] == pytest.approx(found.residual)
    assert found.by_lag[:, : len(TRUE)].max() < 1e-4
    assert (found.by_lag[:, -1] > 0.3).all()


def test_the_data_would_choose_the_true_eigenvalue(held_out):
    found = residuals.measure(held_out, CONFIG)
    assert found.best[: len(TRUE)] == pytest.approx(TRUE, abs=1e-5)
    assert found.best_residual[-1] < found.residual[-1]


def test_energy_shares_add_up_and_a_constant_is_dead(plant_data):
    model = linear_plant.exact(plant_data, [(0.5, np.zeros(6))])
    found = residuals.measure(
        pairs.gather(model, plant_data, Split.TEST, CONFIG), CONFIG
    )
    assert found.energy.sum() == pytest.approx(1.0)
    assert found.dead.tolist() == [False] * 4 + [True]
    assert not found.verified[-1]


def test_a_mode_that_never_varies_but_errs_has_an_infinite_residual():
    ratio = residuals._root(np.array([1.0, 0.0]), np.array([0.0, 0.0]))
    assert ratio.tolist() == [math.inf, math.inf]


def test_by_hand():
    # φ = (1, 0, -1, 0), φ' = λ φ + e with λ = 0.5 and e = 0.1 everywhere: the error is
    # 0.1, and φ' = (0.6, 0.1, -0.4, 0.1) has variance 0.125 and mean square 0.135.
    x = np.array([[1.0], [0.0], [-1.0], [0.0]], np.complex128)
    y = 0.5 * x + 0.1
    best, error = residuals.best_fit(x, y)
    assert best == pytest.approx([0.5])
    assert error == pytest.approx([0.0])
    spread = np.mean(np.abs(y - y.mean(0)) ** 2, axis=0)
    assert residuals._root(np.array([0.01]), spread) == pytest.approx(
        [0.1 / math.sqrt(0.125)]
    )


def test_noise_shows_as_a_residual(plant_data):
    noisy = linear_plant.plant(noise=0.3)
    model = linear_plant.exact(noisy)
    found = residuals.measure(pairs.gather(model, noisy, Split.TEST, CONFIG), CONFIG)
    assert (found.residual > 0.1).all()
    assert not found.verified.any()
