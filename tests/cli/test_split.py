import json

import pytest
from d4rl_file import write_d4rl
from typer.testing import CliRunner

from koopcli.cli.app import app
from koopcli.config.data import IngestConfig
from koopcli.data.ingest import ingest


def run(*arguments):
    return CliRunner().invoke(app, ["split", *map(str, arguments)])


@pytest.fixture
def data(tmp_path):
    write_d4rl(tmp_path / "x.hdf5", (12, 30, 14, 13, 15))
    ingest([str(tmp_path / "x.hdf5")], tmp_path / "d.h5", IngestConfig())
    return tmp_path / "d.h5"


def test_in_place_and_beside(data, tmp_path):
    result = run(data, "--kfold", 5, "--fold", 1, "--val-fraction", 0, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.split/1" and document["output"] == str(data)
    assert document["episodes"] == {"train": 4, "val": 0, "test": 1}
    result = run(data, "--test-fraction", 0.4, "-o", tmp_path / "o.h5")
    assert result.exit_code == 0 and "train" in result.stdout
    again = run(data, "-o", tmp_path / "o.h5")
    assert again.exit_code == 2 and "already exists" in again.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--kfold", 3), "split.kfold and split.fold go together"),
        (("--kfold", 3, "--fold", 3), "must lie in 0 to 2"),
        (("--kfold", 3, "--fold", 0, "--test-fraction", 0.2), "no --test-fraction"),
        (("--lists", "x.toml", "--seed", 1), "leave out --seed"),
        (("--val-fraction", 0.6, "--test-fraction", 0.5), "must stay below 1"),
    ],
)
def test_contradictions(data, flags, message):
    result = run(data, *flags)
    assert result.exit_code == 2 and message in result.stderr


def test_what_is_no_dataset(tmp_path):
    assert run(tmp_path / "none.h5").exit_code == 3
