from dataclasses import replace

import linear_plant
import numpy as np
import pytest
from linear_plant import TRUE, UNDRIVEN
from linear_world import model_meta

from koopcli.config.choices import ModelKind, Observables, Stability
from koopcli.config.evaluation import InspectConfig
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig
from koopcli.spectrum import modal
from koopcli.spectrum.modes import describe
from koopcli.spectrum.verification import verify
from koopcli.train import edmdc
from koopcli.train.fit import initial_model

CONFIG = InspectConfig(resamples=50, grid=9, probes=4, lags=(1, 5))


@pytest.fixture(scope="module")
def found(with_spurious, plant_data):
    return verify(with_spurious, plant_data, CONFIG)


def test_verified_modes_are_the_true_ones_none_missing_none_spurious(found):
    assert np.sort_complex(found.verified) == pytest.approx(
        np.sort_complex(TRUE), abs=1e-5
    )


def test_the_verdict_is_that_of_verified_modes_and_says_so(found):
    assert found.verdict() == "stable"
    assert found.statement().startswith(
        "4 of 5 modes are verified (residual below 0.05"
    )
    assert "5 steps ahead their residuals are" in found.statement()
    assert "judged by these modes alone the system is stable" in found.statement()
    assert "spectral radius 1" in found.statement()


def test_few_episodes_are_a_warning(found):
    assert "rest on 6 test episodes" in found.warnings()[0]
    assert replace(found, episodes=10).warnings() == ()


def test_no_verified_mode_is_no_verdict(found):
    none = np.zeros(5, bool)
    bare = replace(found, residuals=replace(found.residuals, verified=none))
    assert bare.verdict() == "undecided"
    assert "support no statement on stability" in bare.statement()


def test_a_verified_mode_outside_the_circle_is_a_growing_system(found):
    grown = replace(found, eigenvalues=found.eigenvalues * 1.01)
    assert grown.verdict() == "unstable"


def test_every_mode_gains_its_fields(found):
    one = found.of_mode(4)
    assert not one["verified"] and one["residual"] > 0.3
    assert abs(complex(one["edmd_real"], one["edmd_imag"]) - TRUE).min() < 1e-3
    assert found.as_json()["verified_modes"] == 4
    assert found.as_json()["pairs"] == found.pairs == 240
    assert found.growth.state.shape == (20,)


@pytest.mark.parametrize("seed", [0, 4])
def test_learnt_modes_of_edmdc_are_the_plants_and_its_other_observables_are_not(seed):
    # Least squares on the state and its squares: those of a driven system close in no
    # finite set, so that their modes are spurious, and the data must find it out.
    data = linear_plant.plant(seed=seed)
    config = ModelConfig(
        kind=ModelKind.EDMDC, observables=Observables.POLYNOMIAL, degree=2,
        stability=Stability.FREE, ridge=1e-10, reencode_every=0,
    )  # fmt: skip
    model = initial_model(data, RunConfig(model=config))
    model, _ = edmdc.fit(model, data, 0, None)
    meta = model_meta(data, model_config=config, horizon=5)
    found = verify(modal.of(modal.SavedModel(model, meta)), data, CONFIG)
    # No input reaches the mode of 0.9, so its square is an eigenfunction too: of 0.81.
    true = np.r_[TRUE, TRUE[:2].conj(), UNDRIVEN**2]
    missing = [abs(found.verified - value).min() for value in true]
    spurious = [abs(true - value).min() for value in found.verified]
    assert max(missing) < 1e-5
    assert max(spurious) < 1e-5
    assert (len(found.eigenvalues), len(found.verified)) == (27, 7)
    # The damped oscillator among them: decay 0.5 1/s at 1.5 Hz, as it was built.
    rates = describe(found.verified, linear_plant.DT)
    slow = min(rates, key=lambda mode: abs(mode.frequency_hz - 1.5))
    assert slow.frequency_hz == pytest.approx(1.5, abs=1e-4)
    assert slow.growth_rate == pytest.approx(-0.5, abs=1e-4)
