import json
import sys

import pytest
from linear_world import one_each, world, write_world
from typer.testing import CliRunner

from koopcli.cli.app import app

SMALL = (
    *("--model", "mlp", "--set", "model.width=8", "--set", "model.depth=1"),
    *("--batch-size", "4", "--horizon", "5", "--steps", "6"),
    *("--set", "train.eval_every=3", "--pruner", "none"),
)
RATE = ("--param", "optimizer.learning_rate=1e-4..1e-2:log")


def run(*arguments, command="sweep", **settings):
    return CliRunner().invoke(app, [command, *map(str, arguments)], **settings)


@pytest.fixture
def data(tmp_path):
    return write_world(tmp_path / "data.h5", one_each(world()))


def test_from_nothing_to_a_table_and_the_best_run_again(tmp_path, data):
    output = tmp_path / "sweep"
    arguments = (data, "--output", output, "--trials", 2, *RATE, *SMALL)
    first = run(*arguments)
    assert first.exit_code == 0, first.stderr
    assert "learning_rate" in first.stdout and "2 finished" in first.stdout
    assert "trial 1: finished, validation NRMSE" in first.stderr
    assert f"--config {output}/best.toml" in first.stderr
    models = {path: path.stat().st_mtime_ns for path in output.rglob("model.eqx")}
    assert len(models) == 2
    again = run(*arguments, "--json")
    document = json.loads(again.stdout)
    assert document["schema"] == "koopcli.sweep/1"
    assert document == json.loads((output / "sweep.json").read_text())
    assert {path: path.stat().st_mtime_ns for path in models} == models
    # The best run can be made again, and be the point from which others are tried.
    best = ("--config", output / "best.toml")
    made = run(data, "--output", tmp_path / "run", *best, "--json", command="train")
    error = json.loads(made.stdout)["best_validation"] ** 0.5
    assert error == pytest.approx(document["best"]["error"], rel=1e-5)
    refined = run(
        data, "-o", tmp_path / "refined", *best, *RATE, "--trials", 1, "--json"
    )
    assert json.loads(refined.stdout)["request"]["settings"]["train.steps"] == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--param", "optimizer.learning_rat=1,2"), "did you mean"),
        (
            ("--param", "model.latent_dim=a,b"),
            "model.latent_dim must be a whole number",
        ),
        (("--param", "model.latent_dim=64..32"), "the range is empty"),
        (("--param", "train.horizon=0..9"), "train.horizon must be >= 1"),
        ((*RATE, "--seeds", "0,x"), "--seeds"),
        ((*RATE, "--sampler", "grid"), "a grid needs choices"),
        ((*RATE, "--set", "learning_rate=1"), "both tried (--param) and fixed"),
        ((*RATE, "--set", "train.seed=1"), "use --seeds"),
        ((*RATE, "--storage", "nonsense"), "--storage nonsense: cannot be used"),
    ],
)
def test_wrong_requests_are_refused_before_any_work(tmp_path, data, arguments, words):
    done = run(data, "--output", tmp_path / "x", *arguments)
    assert done.exit_code == 2 and words in done.stderr
    assert not (tmp_path / "x" / "trials").exists()


def test_without_optuna_the_install_line_comes_first(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = run(tmp_path / "missing.h5", "--output", tmp_path / "x", *RATE)
    assert done.exit_code == 2
    assert 'pip install "koopcli[sweep]"' in done.stderr
    assert not (tmp_path / "x").exists()


def test_the_storage_may_come_from_the_environment(tmp_path, data):
    done = run(
        data, "-o", tmp_path / "x", *RATE, env={"KOOPCLI_STORAGE": "a://b:secret@c/d"}
    )
    assert done.exit_code == 2
    assert "a://b:***@c/d" in done.stderr and "secret" not in done.stderr


def test_a_long_table_is_cut_on_the_terminal(tmp_path, data, monkeypatch):
    from koopcli.cli import sweep

    monkeypatch.setattr(sweep, "SHOWN", 1)
    output = tmp_path / "sweep"
    values = "optimizer.learning_rate=0.001,0.002"
    done = run(
        data, "-o", output, "--param", values, *SMALL, "--sampler", "grid", "--steps", 1
    )
    assert f"1 more rows: {output}/sweep.md" in done.stdout
