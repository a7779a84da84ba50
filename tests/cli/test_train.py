import json

import linear_world
import pytest
import typer
from typer.testing import CliRunner

from koopcli.cli.app import app

TINY = [
    *("--steps", "4", "--batch-size", "4", "--horizon", "5", "--latent-dim", "4"),
    *("--set", "encoder_width=8", "--set", "decoder_width=8"),
]


SWITCHES = {
    "deterministic": ("train.deterministic", True),
    "data-map": ("train.data_map", True),
}
NO_SETTINGS = {
    *("output", "resume", "log", "device", "distributed", "coordinator"),
    *("num-processes", "process-id", "config", "set", "print-config", "overwrite"),
    *("json", "help"),
}
"""Flags that say what to do, not with which settings."""


def run(*arguments, **environment):
    return CliRunner().invoke(app, ["train", *map(str, arguments)], env=environment)


@pytest.fixture
def data(tmp_path):
    return linear_world.write_world(tmp_path / "data.h5")


def test_a_run_is_trained_and_described(tmp_path, data):
    result = run(data, "--output", tmp_path / "run", *TINY)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "run" / "model.eqx").is_file()
    assert "Trained" in result.stdout and "step 4/4" in result.stderr
    assert f"next: koopcli eval {tmp_path / 'run'}" in result.stderr


def test_json_is_one_document(tmp_path, data):
    result = run(data, "--output", tmp_path / "run", *TINY, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.train/1"
    assert document["steps"] == 4 and document["run"] == str(tmp_path / "run")
    assert "no validation episodes" in document["warnings"][0]


def test_print_config_needs_no_data_and_names_origins(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text("[train]\nhorizon = 7\n")
    result = run(
        *("--print-config", "--json", "--config", file, "--steps", "9"),
        *("--set", "model.skip=false"),
        KOOPCLI_SEED="4",
    )
    settings = {s["name"]: s for s in json.loads(result.stdout)["settings"]}
    assert settings["train.horizon"]["origin"] == str(file)
    assert settings["train.steps"] == {
        "name": "train.steps",
        "value": 9,
        "origin": "--steps",
    }
    assert settings["train.seed"]["origin"] == "environment KOOPCLI_SEED"
    assert settings["model.skip"]["value"] is False
    assert settings["model.latent_dim"]["origin"] == "default"
    table = run("--print-config")
    assert "optimizer.learning_rate" in table.stdout and "default" in table.stdout


def test_every_flag_of_a_setting_reaches_it(tmp_path):
    # Values that are no defaults. --checkpoint-every is two settings.
    given = {
        "model": ("model.kind", "gru"), "params": ("model.params", 90_000),
        "steps": ("train.steps", 9), "batch-size": ("train.batch_size", 3),
        "horizon": ("train.horizon", 4), "latent-dim": ("model.latent_dim", 5),
        "learning-rate": ("optimizer.learning_rate", 0.5), "seed": ("train.seed", 6),
        "init": ("model.init", "ring"), "stability": ("model.stability", "soft"),
        "unroll": ("model.unroll", "scan"), "keep": ("train.keep", 7),
        "max-bad-steps": ("train.max_bad_steps", 8),
        "checkpoint-every": ("train.checkpoint_every", 11),
        "precision": ("train.precision", "bf16"), "remat": ("train.remat", "always"),
        "num-devices": ("train.num_devices", 1),
        "memory-budget": ("train.memory_budget", 10**6),
    }  # fmt: skip
    flags = [
        part for name, (_, value) in given.items() for part in (f"--{name}", value)
    ]
    command = typer.main.get_command(app).commands["train"]
    options = {
        name for each in command.params for name in each.opts if name[:2] == "--"
    }
    assert {
        name[2:] for name in options
    } - NO_SETTINGS == given.keys() | SWITCHES.keys()
    switches = [f"--{name}" for name in SWITCHES]
    result = run("--print-config", "--json", *switches, *flags)
    assert result.exit_code == 0, result.stderr
    found = {s["name"]: s for s in json.loads(result.stdout)["settings"]}
    for flag, (name, value) in (given | SWITCHES).items():
        assert found[name]["value"] == value, name
        assert found[name]["origin"] == f"--{flag}"
    theirs = {s["name"] for s in found.values() if s["origin"].startswith("--")}
    both = {"train.checkpoint_minutes"}
    assert theirs - both == {name for name, _ in (given | SWITCHES).values()}


def test_without_data_or_output_it_says_what_is_needed():
    result = run()
    assert result.exit_code == 2 and "give DATA and --output RUN" in result.stderr


def test_another_kind_says_its_number_of_parameters_and_its_own_horizon(tmp_path, data):
    arguments = (
        "--model",
        "mlp",
        "--params",
        "2k",
        "--steps",
        "2",
        "--batch-size",
        "2",
    )
    result = run(data, "--output", tmp_path / "run", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    assert "windows of 20 steps, the default for mlp" in result.stderr
    assert json.loads(result.stdout)["parameters"] == pytest.approx(2000, rel=0.05)
    told = run(data, "--output", tmp_path / "b", *arguments, "--horizon", "9")
    assert told.exit_code == 0 and "windows of" not in told.stderr


def test_a_number_of_parameters_must_be_one_and_possible(tmp_path, data):
    result = run(data, "--output", tmp_path / "run", "--params", "many")
    assert result.exit_code == 2 and "--params 'many'" in result.stderr
    result = run(data, "--output", tmp_path / "run", "--params", "3")
    assert result.exit_code == 2 and "3 is too small; the narrowest" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_memory_budget_is_a_setting_and_too_little_is_refused(tmp_path, data):
    shown = run("--print-config", "--json", "--memory-budget", "1.5GB")
    settings = {s["name"]: s for s in json.loads(shown.stdout)["settings"]}
    assert settings["train.memory_budget"]["value"] == 1_500_000_000
    assert settings["train.memory_budget"]["origin"] == "--memory-budget"
    result = run(data, "-o", tmp_path / "run", *TINY, "--memory-budget", "1KB")
    assert result.exit_code == 2 and "raise --memory-budget" in result.stderr
    assert not (tmp_path / "run").exists()
    assert run("--memory-budget", "much").exit_code == 2
