import json

import pytest
from d4rl_file import write_d4rl
from typer.testing import CliRunner

from koopcli.cli.app import app
from koopcli.config.data import IngestConfig
from koopcli.data.ingest import ingest


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def data(tmp_path):
    write_d4rl(tmp_path / "x.hdf5", (12, 30, 14), terminal=(1,))
    ingest([str(tmp_path / "x.hdf5")], tmp_path / "d.h5", IngestConfig())
    return tmp_path / "d.h5"


def test_the_command_it_prints_reads_it_back(data, tmp_path):
    out = tmp_path / "x.csv"
    result = run("export-data", data, "--format", "csv", "-o", out)
    assert result.exit_code == 0 and "3 episodes, 56 steps" in result.stdout
    [command] = [line for line in result.stderr.splitlines() if "read it back" in line]
    words = command.split("koopcli ")[1].replace("NEW.h5", str(tmp_path / "n.h5"))
    back = json.loads(run(*words.split(), "--json").stdout)
    assert back["steps"] == 56 and back["terminations"] == 1
    assert back["splits"] == {"train": 1, "val": 1, "test": 1}


def test_json_and_an_output_that_is_there(data, tmp_path):
    arguments = ("export-data", data, "--format", "d4rl", "-o", tmp_path / "y.hdf5")
    document = json.loads(run(*arguments, "--json").stdout)
    assert document["schema"] == "koopcli.export/1" and document["mapping"] is None
    assert run(*arguments).exit_code == 2
    assert run(*arguments, "--overwrite", "--split", "train").exit_code == 0
