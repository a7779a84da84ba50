import json

import equinox as eqx
import pytest
from linear_world import model_meta, untrained, world, write_run
from typer.testing import CliRunner

from koopcli.cli.app import app
from koopcli.config import ModelConfig, Stability


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
