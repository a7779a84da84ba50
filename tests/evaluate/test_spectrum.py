import json
import math

import jax
import numpy as np
import pytest
from linear_world import model_meta, untrained

from koopcli.config import ModelConfig, ModelKind
from koopcli.errors import ModelError
from koopcli.evaluate import spectrum
from koopcli.model import checkpoint
from koopcli.model.build import build


def mode(value, dt=0.1):
    return spectrum.modes(np.array([value]), dt)[0]


def test_a_damped_oscillation_is_read_back():
    # Decay 0.5 1/s at 2 Hz, sampled at 50 Hz.
    s = complex(-0.5, 2 * math.pi * 2)
    found = mode(np.exp(s * 0.02), 0.02)
    assert found.growth_rate == pytest.approx(-0.5)
    assert found.frequency_hz == pytest.approx(2.0)
    assert found.damping_ratio == pytest.approx(0.5 / abs(s))
    assert found.half_life_s == pytest.approx(math.log(2) / 0.5)
    assert found.time_constant_s == pytest.approx(2.0)
    assert (found.stability, found.nyquist) == ("stable", False)


def test_half_means_one_step_of_half_life():
    found = mode(0.5 + 0j)
    assert found.half_life_s == pytest.approx(0.1)
    assert found.damping_ratio == 1.0
    assert found.frequency_hz == 0.0


@pytest.mark.parametrize(
    ("value", "stability"),
    [
        (1 - 2e-6, "stable"),
        (1 - 1e-7, "marginal"),
        (1 + 1e-7, "marginal"),
        (1 + 2e-6, "unstable"),
    ],
)
def test_classes_have_a_tolerance(value, stability):
    found = mode(complex(value))
    assert found.stability == stability
    assert math.isnan(found.half_life_s) == (stability != "stable")


def test_lambda_one_has_no_damping_ratio():
    assert math.isnan(mode(1 + 0j).damping_ratio)


def test_a_negative_real_eigenvalue_is_flagged():
    found = mode(-0.5 + 0j)
    assert found.nyquist
    assert found.frequency_hz == pytest.approx(5.0)
    assert mode(np.exp(1j * math.pi * 0.991)).nyquist
    assert not mode(np.exp(1j * math.pi * 0.989)).nyquist


def test_a_dead_mode_does_not_crash():
    found = mode(0j)
    assert found.growth_rate == -math.inf
    assert found.half_life_s == 0.0
    assert found.damping_ratio == 1.0


def test_conjugates_have_the_same_positive_frequency():
    one, other = (mode(np.exp(sign * 0.3j)).frequency_hz for sign in (1, -1))
    assert one == other > 0


def test_modes_are_sorted_slowest_first_and_keep_their_index():
    found = spectrum.modes(np.array([0.5, 0.9j, 0.7]), 1.0)
    assert [m.index for m in found] == [1, 2, 0]


def test_the_summary_counts_and_compares_with_the_training_window():
    described = spectrum.modes(np.array([0.5, -0.25, 1.0, 2.0], complex), 0.1)
    found = spectrum.summarise(described, 0.1, True, 2)
    assert found.spectral_radius == 2.0
    assert not found.stable
    counts = (found.stable_modes, found.marginal_modes, found.unstable_modes)
    assert counts == (2, 1, 1)
    assert found.nyquist_modes == 1
    assert found.training_window_s == pytest.approx(0.2)
    assert found.slowest_half_life_s == pytest.approx(0.1)
    assert found.slowest_half_life_windows == pytest.approx(0.5)
    assert found.gradient_factor_min == pytest.approx(1 / 16)
    assert found.gradient_factor_median == pytest.approx((0.25 + 1) / 2)
    assert found.gradient_factor_max == pytest.approx(4.0)


def test_without_a_stable_mode_there_is_no_slowest_one():
    described = spectrum.modes(np.array([2.0 + 0j]), 0.1)
    assert math.isnan(spectrum.summarise(described, 0.1, True, 5).slowest_half_life_s)


def test_a_saved_model_is_inspected(tmp_path, dataset):
    meta = model_meta(dataset, dt_known=False, dt=1.0)
    checkpoint.save(tmp_path / "model.eqx", untrained(meta), meta)
    found = spectrum.inspect(tmp_path)
    assert len(found.modes) == 4
    assert found.summary.stable
    assert "time step of the data is unknown" in found.warnings[0]
    values = np.sort_complex(np.asarray(untrained(meta).eigenvalues()))
    assert np.sort_complex(found.eigenvalues()) == pytest.approx(values)
    document = found.top(2).document()
    assert document["schema"] == "koopcli.spectrum/1"
    assert len(document["modes"]) == 2
    assert document["summary"]["modes"] == 4
    json.dumps(document)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"holds no model\.eqx"):
        spectrum.inspect(tmp_path)


def test_a_model_without_eigenvalues_is_refused(tmp_path, dataset):
    meta = model_meta(dataset, model_config=ModelConfig(kind=ModelKind.MLP, width=4))
    model = build(meta.model_config, meta.dimensions, key=jax.random.key(0))
    checkpoint.save(tmp_path / "model.eqx", model, meta)
    with pytest.raises(ModelError, match="a mlp model has no eigenvalues; give a run"):
        spectrum.inspect(tmp_path)
