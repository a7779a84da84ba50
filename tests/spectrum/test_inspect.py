import json
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from linear_world import model_meta, untrained, world, write_run, write_world

from koopcli.config.choices import ModeOrder
from koopcli.config.evaluation import InspectConfig
from koopcli.config.model import ModelConfig
from koopcli.errors import ConfigError, ModelError
from koopcli.spectrum.inspect import inspect

CONFIG = InspectConfig(resamples=20, grid=5, probes=2, lags=(1, 2))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = ModelConfig(
        latent_dim=4, encoder_width=8, decoder_width=8, reencode_every=3, gate=True
    )
    meta = model_meta(world(), model_config=config, horizon=6)
    return write_run(tmp_path_factory.mktemp("r") / "run", meta)


@pytest.fixture(scope="module")
def with_data(run, tmp_path_factory):
    data = write_world(tmp_path_factory.mktemp("d") / "data.h5")
    return inspect(run, data, CONFIG, others=[run])


def test_the_checkpoint_alone_gives_modes_bound_and_flow(run):
    found = inspect(run)
    assert len(found.modes) == found.summary.modes == 4
    assert found.summary.stable
    assert found.flow.worst < 1e-4
    assert found.verification is None and found.history is None
    values = np.sort_complex(np.asarray(untrained(found.modal.meta).eigenvalues()))
    assert np.sort_complex(found.eigenvalues()) == pytest.approx(values)
    document = found.top(2).document()
    assert document["schema"] == "koopcli.spectrum/1"
    assert len(document["modes"]) == 2
    assert document["summary"]["modes"] == 4
    assert document["verification"] is None
    assert "residual" not in document["modes"][0]


def test_it_says_what_the_spectrum_does_not_speak_of(run, tmp_path):
    assert (
        "re-encode every 3 steps, keeping a part of the latents" in inspect(run).scope()
    )
    plain = write_run(tmp_path / "plain")
    assert "never re-encode: the spectrum speaks of all time" in inspect(plain).scope()


def test_with_data_each_mode_gains_what_the_data_say(with_data):
    mode = with_data.document()["modes"][0]
    names = {"residual", "verified", "energy", "input_gain", "edmd_residual"}
    assert names < set(mode)
    assert with_data.document()["verification"]["verdict"] == "undecided"
    assert with_data.flow.rollout_gain is not None


def test_a_run_matches_itself(with_data):
    assert with_data.matches[0].hausdorff == 0.0
    assert with_data.verified_matches == ()


def test_modes_are_sorted_by_what_the_data_say(with_data, run):
    found = with_data.verification.residuals
    by_energy = [
        found.energy[m.index] for m in with_data.sorted(ModeOrder.ENERGY).modes
    ]
    assert by_energy == sorted(by_energy, reverse=True)
    by_residual = with_data.sorted(ModeOrder.RESIDUAL).modes
    residuals = [found.residual[m.index] for m in by_residual]
    assert residuals == sorted(residuals)
    assert with_data.sorted(ModeOrder.DECAY) is with_data
    with pytest.raises(ConfigError, match="--sort energy: needs --data DATA"):
        inspect(run).sorted(ModeOrder.ENERGY)


def test_an_unknown_dt_is_a_warning(tmp_path):
    meta = model_meta(world(), dt=1.0, dt_known=False)
    found = inspect(write_run(tmp_path / "run", meta))
    assert "time step of the data is unknown" in found.warnings[0]
    assert found.summary.dt_known is False


def test_data_of_another_system_are_refused(run, tmp_path):
    other = replace(world(), observation_names=("p", "q", "r"))
    with pytest.raises(ModelError, match="observation dimension 0 is 'x'"):
        inspect(run, write_world(tmp_path / "d.h5", other), CONFIG)


def test_checkpoints_of_a_run_become_its_history(run, tmp_path):
    folder = write_run(tmp_path / "run")
    meta = replace(model_meta(world()), step=5)
    model = eqx.tree_at(
        lambda m: m.spectrum.phase, untrained(meta), replace_fn=lambda p: p + 0.1
    )
    from koopcli.model import checkpoint

    (folder / "checkpoints").mkdir()
    checkpoint.save(folder / "checkpoints" / "step_00000005.eqx", model, meta)
    checkpoint.save(folder / "last.eqx", untrained(meta), replace(meta, step=9))
    assert inspect(folder).document()["history"]["steps"] == [5, 9]
    assert inspect(Path(folder / "model.eqx")).history is None


def test_the_document_is_json(with_data):
    from koopcli.cli import render

    assert json.loads(render.json_text(with_data.document()))["modes"]
