import json

import numpy as np
import pytest
from augmentation_parts import write_plant
from linear_plant import plant
from tiny_training import TINY
from typer.testing import CliRunner

from koopcli.cli.app import app
from koopcli.data import store

FAST = ["--scale", "0.1", "--unit", "trajectory"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_plant(tmp_path_factory.mktemp("cli"), plant(noise=0.003))


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_json_goes_to_stdout_and_the_file_trains(files, tmp_path):
    run, data = files
    output = tmp_path / "more.h5"
    done = invoke("augment", run, data, "-o", output, *FAST, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "koopcli.augment/1"
    assert document["output"] == str(output) and document["episodes"]["added"] > 0
    assert len(store.load(output).lengths) == 12 + document["episodes"]["added"]
    trained = invoke(
        "train", output, "--output", tmp_path / "again", "--steps", "2", *TINY
    )
    assert trained.exit_code == 0, trained.stderr


def test_the_search_and_the_checks_are_tables_on_stdout(files, tmp_path):
    run, data = files
    done = invoke(
        *("augment", run, data, "-o", tmp_path / "more.h5"),
        *("--judge", run, "--mode", "equivariant", "--max-cycle", "0.1"),
    )
    assert done.exit_code == 0, done.stderr
    for words in ("search for the scale", "equivariant: all proposals", "symmetries"):
        assert words in done.stdout
    assert "all of these in the train split" in done.stdout
    assert "scale 0.001:" in done.stderr and "coverage" in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--scale", "big"], 2, "--scale 'big': expected a number or auto"),
        (["--mode", "gaussian"], 2, "nothing to search"),
        (["--mode", "kfc"], 4, "for models of --model kfc, and this one is koopman"),
        (["--mode", "kfc", "--unit", "trajectory"], 2, "depends on the action"),
        (["--rewards", "model", "--scale", "1"], 2, "has no rewards"),
        (["--scale", "1e6"], 4, "none of the"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_code(
    files, tmp_path, options, code, message
):
    run, data = files
    done = invoke("augment", run, data, "-o", tmp_path / "x.h5", *options)
    assert done.exit_code == code and done.stdout == ""
    assert message in done.stderr
    assert not (tmp_path / "x.h5").exists()


def test_the_result_of_a_seed_is_always_the_same(files, tmp_path):
    run, data = files
    for name in ("a", "b"):
        assert invoke("augment", run, data, "-o", tmp_path / name, *FAST).exit_code == 0
    first, second = store.load(tmp_path / "a"), store.load(tmp_path / "b")
    np.testing.assert_array_equal(first.observations, second.observations)
