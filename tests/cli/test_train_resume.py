"""`koopcli train --resume` as a shell sees it."""

import json
import os
import signal
import sys
from contextlib import contextmanager

import linear_world
import pytest
from tiny_training import TINY
from typer.testing import CliRunner

from koopcli.cli import progress
from koopcli.cli.app import app

SHORT = [*TINY, "--steps", "4"]


def train(*arguments, **environment):
    return CliRunner().invoke(app, ["train", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path_factory.mktemp("w") / "data.h5", world)


@pytest.fixture
def signalled(monkeypatch):
    """Signals that come while the first call of the device is being shown."""

    def with_signals(*numbers):
        @contextmanager
        def reporter():
            def show(record):
                for number in numbers:
                    os.kill(os.getpid(), number)

            yield show

        monkeypatch.setattr(progress, "reporter", reporter)

    yield with_signals
    monkeypatch.undo()


def test_a_stopped_run_says_how_to_go_on_and_does_with_its_own_settings(
    tmp_path, data, signalled, monkeypatch
):
    run = tmp_path / "my run"
    signalled(signal.SIGTERM)
    stopped = train(data, "-o", run, *SHORT)
    assert stopped.exit_code == 130
    assert f"koopcli train --resume '{run}'" in stopped.stderr.splitlines()[-1]
    monkeypatch.undo()
    shown = train("--resume", run, "--print-config", "--json")
    settings = {s["name"]: s for s in json.loads(shown.stdout)["settings"]}
    assert settings["train.steps"]["value"] == 4
    refused = train("--resume", run, "--seed", "3", "--horizon", "9", "--steps", "9")
    assert refused.exit_code == 2
    assert "train.horizon (3 -> 9), train.seed (0 -> 3)" in refused.stderr
    again = train("--resume", run, "--json")
    assert again.exit_code == 0, again.stderr
    assert "going on from step 2" in again.stderr
    assert json.loads(again.stdout)["steps"] == 4
    longer = train("--resume", run, "--steps", "6", "--json")
    assert longer.exit_code == 0 and json.loads(longer.stdout)["steps"] == 6
    shorter = train("--resume", run, "--steps", "4")
    assert shorter.exit_code == 2 and "has taken 6 steps already" in shorter.stderr


def test_a_second_ctrl_c_stops_at_once(tmp_path, data, signalled):
    signalled(signal.SIGINT, signal.SIGINT)
    result = train(data, "-o", tmp_path / "run", *SHORT)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "error: interrupted"
    # No call had ended in a checkpoint: nothing is worth keeping.
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "more", [("--output", "x"), ("--config", "x.toml"), ("--overwrite",)]
)
def test_what_only_a_new_run_has_is_refused(tmp_path, more):
    result = train("--resume", tmp_path, *more)
    assert result.exit_code == 2
    assert f"{more[0]} means nothing to it" in result.stderr


def test_a_run_that_is_not_there_is_a_missing_model(tmp_path):
    result = train("--resume", tmp_path / "none")
    assert result.exit_code == 4 and "is not a run folder" in result.stderr


def test_a_logger_without_its_library_stops_before_any_work(
    tmp_path, data, monkeypatch
):
    monkeypatch.setitem(sys.modules, "wandb", None)
    result = train(data, "-o", tmp_path / "run", *SHORT, "--log", "wandb")
    assert result.exit_code == 2 and 'pip install "koopcli[wandb]"' in result.stderr
    assert not (tmp_path / "run").exists()


def test_deterministic_operations_are_asked_for_before_jax_starts(
    tmp_path, data, monkeypatch
):
    monkeypatch.setenv("XLA_FLAGS", "")
    result = train(data, "-o", tmp_path / "run", *SHORT, "--deterministic")
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "run" / "environment.json").read_text())
    assert record["variables"]["XLA_FLAGS"] == "--xla_gpu_deterministic_ops=true"
    assert "deterministic = true" in (tmp_path / "run" / "config.toml").read_text()
