import json

import linear_world
from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["info", *map(str, arguments)])


def test_a_dataset_is_described(tmp_path):
    path = linear_world.write_world(tmp_path / "d.h5")
    document = json.loads(run(path, "--json").stdout)
    assert document["kind"] == "dataset" and document["steps"] == 75
    assert document["observations"] == ["x", "y", "one"]
    assert "episode_length" in run(path).stdout


def test_a_run_and_a_model_file_are_described(tmp_path):
    folder = linear_world.write_run(tmp_path / "run")
    document = json.loads(run(folder, "--json").stdout)
    assert document["kind"] == "run" and document["horizon"] == 10
    assert document["model_config"]["latent_dim"] == 4
    model = json.loads(run(folder / "model.eqx", "--json").stdout)
    assert model["kind"] == "model"


def test_what_is_not_there_and_what_is_neither(tmp_path):
    result = run(tmp_path / "none")
    assert result.exit_code == 3 and "no such file or folder" in result.stderr
    (tmp_path / "x.txt").write_text("hello")
    assert run(tmp_path / "x.txt").exit_code == 3
    assert run(tmp_path).exit_code == 4


def test_samples_of_the_past_are_described(tmp_path):
    linear_world.write_partial(tmp_path / "d.h5", count=3, lag=2)
    document = json.loads(run(tmp_path / "d.h5", "--json").stdout)
    assert document["delays"] == {
        "count": 3, "lag": 2, "outputs": ["x"], "inputs": ["u"],
    }  # fmt: skip
