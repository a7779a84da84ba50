import json

import equinox as eqx
import pytest
from linear_world import model_meta, untrained, world, write_run, write_world
from typer.testing import CliRunner

from koopcli.cli.app import app
from koopcli.config.choices import Stability
from koopcli.config.model import ModelConfig


def run(*arguments):
    return CliRunner().invoke(app, ["inspect-eigenvalues", *map(str, arguments)])


@pytest.fixture
def stable(tmp_path):
    return write_run(tmp_path / "run")


@pytest.fixture
def unstable(tmp_path):
    config = ModelConfig(latent_dim=4, stability=Stability.FREE)
    meta = model_meta(world(), model_config=config, dt_known=False)
    decay = untrained(meta).spectrum.decay
    model = eqx.tree_at(
        lambda tree: tree.spectrum.decay, untrained(meta), decay.at[0].set(0.1)
    )
    return write_run(tmp_path / "wild", meta, model)


def test_json_goes_to_stdout_and_nothing_else_does(stable):
    result = run(stable, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.spectrum/1"
    assert len(document["modes"]) == 4
    assert document["summary"]["stable"] is True
    assert result.stderr == ""


def test_top_keeps_the_slowest(stable):
    modes = json.loads(run(stable, "--json").stdout)["modes"]
    top = json.loads(run(stable, "--json", "--top", 2).stdout)["modes"]
    assert top == modes[:2]


def test_the_table_has_modes_and_a_summary(stable):
    result = run(stable)
    assert result.exit_code == 0
    assert "spectral radius" in result.stdout


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture_is_drawn_and_not_replaced(stable, tmp_path, suffix):
    picture = tmp_path / f"disc.{suffix}"
    assert run(stable, "--plot", picture).exit_code == 0
    assert picture.stat().st_size > 1000
    assert run(stable, "--plot", picture).exit_code == 2
    assert run(stable, "--plot", picture, "--overwrite").exit_code == 0


def test_an_unknown_picture_format_is_a_usage_error(stable, tmp_path):
    result = run(stable, "--plot", tmp_path / "disc.pdf")
    assert result.exit_code == 2
    assert "pictures end in" in result.stderr


def test_the_gate_fails_after_printing(unstable, stable):
    result = run(unstable, "--json", "--fail-if-unstable")
    assert result.exit_code == 6
    assert json.loads(result.stdout)["summary"]["unstable_modes"] == 1
    assert "1 unstable modes" in result.stderr
    assert run(unstable).exit_code == 0
    assert run(stable, "--fail-if-unstable").exit_code == 0


def test_an_unknown_dt_is_a_warning(unstable):
    result = run(unstable, "--json")
    assert "time step of the data is unknown" in result.stderr
    assert json.loads(result.stdout)["summary"]["dt_known"] is False


def test_a_missing_run_says_what_to_do(tmp_path):
    result = run(tmp_path / "none")
    assert result.exit_code == 4
    assert "koopcli train" in result.stderr


def test_the_radius_gate(stable, unstable):
    radius = json.loads(run(stable, "--json").stdout)["summary"]["spectral_radius"]
    assert run(stable, "--max-radius", radius + 1e-6).exit_code == 0
    result = run(stable, "--max-radius", radius - 1e-6)
    assert result.exit_code == 6
    assert "exceeds --max-radius" in result.stderr
    assert run(stable, "--max-radius", "-1").exit_code == 2
    assert run(stable, "--max-radius", "nan").exit_code == 2


def test_a_gate_does_not_let_an_unverified_mode_pass(unstable, tmp_path):
    # The verdict of the data is open, but the model diverges: the gate is the model's.
    data = write_world(tmp_path / "data.h5")
    result = run(unstable, "--data", data, "--json", "--fail-if-unstable")
    document = json.loads(result.stdout)
    assert document["verification"]["verdict"] == "undecided"
    assert result.exit_code == 6


def test_sorting_by_data_needs_data(stable):
    result = run(stable, "--sort", "energy")
    assert result.exit_code == 2
    assert "--sort energy: needs --data" in result.stderr


def test_a_linear_model_is_exported_and_results_are_stored(stable, tmp_path):
    arguments = ["-o", tmp_path / "out", "--export-linear", tmp_path / "m.json"]
    result = run(stable, *arguments)
    assert result.exit_code == 0, result.stderr
    assert "wrote" in result.stderr and "modes.csv" in result.stderr
    stored = json.loads((tmp_path / "out" / "spectrum.json").read_text())
    assert len(stored["modes"]) == 4
    assert json.loads((tmp_path / "m.json").read_text())["schema"] == "koopcli.linear/1"
    assert run(stable, *arguments).exit_code == 2
