import json

import pytest
from d4rl_file import write_d4rl
from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["ingest", *map(str, arguments)])


@pytest.fixture
def source(tmp_path):
    write_d4rl(tmp_path / "x.hdf5", (12, 30, 14))
    return tmp_path / "x.hdf5"


def test_a_summary_for_people_and_warnings_beside_it(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--min-length", 13)
    assert result.exit_code == 0
    for words in (
        "episodes",
        "shorter than 13 steps",
        "1 episodes, 12 steps",
        "reward",
    ):
        assert words in result.stdout
    assert "warning: the sampling time is unknown" in result.stderr


def test_json_is_one_document(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--dt", 0.1, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.ingest/1" and document["episodes"] == 3
    assert document["dt"] == 0.1 and document["splits"] == {
        "train": 1,
        "val": 1,
        "test": 1,
    }
    assert result.stderr == ""


def test_a_missing_output_is_a_usage_error(source):
    assert run(source).exit_code == 2


def test_bad_fractions_are_a_configuration_error(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--val-fraction", 2)
    assert result.exit_code == 2 and "val_fraction" in result.stderr
