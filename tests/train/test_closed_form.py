import csv
import json
from dataclasses import replace

import pytest
from linear_world import one_each, world, write_world
from typer.testing import CliRunner

from koopcli import config_file
from koopcli.cli.app import app
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data import store
from koopcli.model import checkpoint
from koopcli.model.edmdc import EdmdcModel
from koopcli.train.fit import fit
from koopcli.train.validation import make_validation

CONFIG = RunConfig(
    model=ModelConfig(kind=ModelKind.EDMDC, features=12), train=TrainConfig(horizon=10)
)


@pytest.fixture
def data(tmp_path):
    dataset = one_each(world((200, 60, 25)))
    return write_world(tmp_path / "data.h5", dataset)


def test_the_run_folder_is_complete(tmp_path, data):
    run, heard = tmp_path / "run", []
    result = fit(data, run, CONFIG, report=heard.append, command="x")
    assert {path.name for path in run.iterdir()} == {
        "config.toml",
        "environment.json",
        "metrics.jsonl",
        "metrics.csv",
        "model.eqx",
        "last.eqx",
    }
    [record] = heard
    assert (result.steps, result.best_step, result.warnings) == (1, 1, ())
    assert result.best_validation == record.validation["nmse"] < 0.01
    assert result.parameters == 15 * 15 + 15 + 15 + (16 + 1) + 3 * 12 + 12
    with open(run / "metrics.csv") as file:
        [row] = csv.DictReader(file)
    assert float(row["val_nmse"]) == result.best_validation
    assert row["train_prediction"] == row["train_loss"]
    [line] = (run / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == 1


def test_the_model_says_what_was_chosen_and_the_configuration_what_was_asked(
    tmp_path, data
):
    fit(data, tmp_path / "run", CONFIG)
    saved = checkpoint.load(tmp_path / "run" / "model.eqx")
    assert isinstance(saved.model, EdmdcModel) and saved.meta.step == 1
    assert saved.meta.model_config == saved.model.config
    assert saved.model.config.ridge and saved.model.config.reencode_every is not None
    asked = config_file.build(config_file.read(tmp_path / "run" / "config.toml"))
    assert asked == CONFIG


def test_it_is_judged_over_the_validation_horizon(tmp_path, data):
    train = replace(CONFIG.train, val_horizon=15)
    result = fit(data, tmp_path / "run", replace(CONFIG, train=train))
    dataset = store.load(data)
    model = checkpoint.load(tmp_path / "run" / "model.eqx").model
    expected = make_validation(dataset, 15, train.val_windows)(model)["nmse"]
    assert result.best_validation == pytest.approx(expected, rel=1e-5)


def test_without_validation_episodes_it_says_so(tmp_path):
    result = fit(write_world(tmp_path / "d.h5"), tmp_path / "run", CONFIG)
    assert "no validation episodes: ridge 0.01" in result.warnings[0]
    assert result.best_validation is None
    assert (tmp_path / "run" / "model.eqx").is_file()


def test_every_command_takes_the_run(tmp_path, data):
    def koopcli(*arguments):
        result = CliRunner().invoke(app, [*map(str, arguments)])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    run = tmp_path / "run"
    settings = ["--set", "kind=edmdc", "--set", "features=12", "--horizon", 10]
    trained = koopcli("train", data, "-o", run, *settings, "--json")
    assert trained["steps"] == 1 and trained["warnings"] == []
    gate = ("--fail-if-unstable", "--json")
    spectrum = koopcli("inspect-eigenvalues", run, *gate)
    assert spectrum["summary"]["modes"] == 15 and spectrum["summary"]["stable"]
    koopcli("predict", run, data, "-o", tmp_path / "p.h5", "--horizon", 5, "--json")
    errors = koopcli("eval", run, data, "--horizons", "1,10", "--json")
    assert errors["protocol"]["training_horizons"] == {str(run): 10}
    assert koopcli("info", run, "--json")["model_config"]["kind"] == "edmdc"
