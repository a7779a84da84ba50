import json

import h5py
import numpy as np
import pytest
from linear_world import write_run, write_world
from typer.testing import CliRunner

from koopcli.cli.app import app


@pytest.fixture
def files(tmp_path):
    return write_run(tmp_path / "run"), write_world(tmp_path / "data.h5")


@pytest.fixture
def output(tmp_path):
    return tmp_path / "pred.h5"


def run(*arguments):
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


def test_a_prediction_is_written_and_described(files, output):
    result = run(*files, "--output", output, "--horizon", 5, "--starts", 4, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.prediction/1"
    assert (document["rollouts"], document["horizon"]) == (4, 5)
    with h5py.File(output) as file:
        assert file["predictions/observations"].shape == (4, 6, 3)


def test_without_json_there_is_a_table(files, output):
    result = run(*files, "--output", output, "--horizon", 5)
    assert result.exit_code == 0
    assert "rollouts" in result.stdout


def test_a_state_and_actions_from_files(files, output, tmp_path):
    (tmp_path / "s.csv").write_text("0.1,0.2,3\n")
    np.save(tmp_path / "a.npy", np.zeros((6, 1)))
    start = ("--initial-state", tmp_path / "s.csv")
    actions = ("--actions", tmp_path / "a.npy")
    result = run(files[0], "--output", output, *start, *actions, "--json")
    assert json.loads(result.stdout)["horizon"] == 6
    both = run(*files, "--output", output, *actions, "--overwrite")
    assert both.exit_code == 2
    assert "--actions goes with --initial-state" in both.stderr


def test_either_data_or_a_state_is_needed(files, output):
    result = run(files[0], "--output", output)
    assert result.exit_code == 2
    assert "either DATA or --initial-state" in result.stderr


@pytest.mark.parametrize("text", ["some", "0", "1.5"])
def test_bad_starts_are_a_usage_error(files, output, text):
    result = run(*files, "--output", output, "--starts", text)
    assert result.exit_code == 2
    assert "starts" in result.stderr


def test_an_existing_file_is_kept(files, output):
    output.write_text("mine")
    assert run(*files, "--output", output).exit_code == 2
    assert output.read_text() == "mine"


def test_a_warning_goes_to_stderr(files, output):
    result = run(*files, "--output", output, "--horizon", 500, "--json")
    assert "clipped to 25" in result.stderr
    json.loads(result.stdout)
