import json

import pytest
from typer.testing import CliRunner

from koopcli.cli.app import app

TINY = (
    "--observation-dim",
    "2",
    "--action-dim",
    "1",
    "--params",
    "200",
    "--repeats",
    "2",
)


def run(*arguments):
    return CliRunner().invoke(app, ["benchmark", *map(str, arguments)])


def test_train_measures_divides_and_writes(tmp_path):
    arguments = (
        *("train", "--models", "mlp", "--horizons", "2", "--batch-size", "2"),
        *(*TINY, "--roofline", "--output", tmp_path / "out"),
    )
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["schema"] == "koopcli.benchmark/1"
    assert document == json.loads(
        (tmp_path / "out" / "benchmark-train.json").read_text()
    )
    (result,) = document["results"]
    assert (result["model"], result["horizon"], result["batch_size"]) == ("mlp", 2, 2)
    assert result["unroll"] is None and result["ratio_to_gru"] is None
    assert result["iterations_per_second"] > 0 and result["peak_bytes"] > 0
    line = result["roofline"]
    assert line["fraction"] > 0 and line["operations"] > 2 * 2 * 200
    shares = [value for name, value in line.items() if name.startswith("share_")]
    assert sum(shares) == pytest.approx(1)
    assert "measuring on cpu" in done.stderr and "round 2 of 2" in done.stderr
    assert (tmp_path / "out" / "benchmark-train.png").is_file()
    refused = run(*arguments)
    assert refused.exit_code == 2 and "--overwrite" in refused.stderr


def test_unroll_prints_a_table_and_needs_no_folder():
    done = run("unroll", "--horizons", "4", "--batch-size", "2", "--latent-dim", "2",
               "--repeats", "1")  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "x floor" in done.stdout and "associative" in done.stdout


def test_predict_tells_rates_and_latencies(tmp_path):
    done = run("predict", "--models", "mlp", "--horizons", "2", "--batch-sizes", "3",
               *TINY, "--output", tmp_path)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "rollouts/s" in done.stdout
    text = (tmp_path / "benchmark-predict.json").read_text()
    sizes = [
        (each["horizon"], each["batch_size"]) for each in json.loads(text)["results"]
    ]
    assert sizes == [(1, 1), (100, 1), (2, 3)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "--models", "lstm"), "lstm"),
        (("train", "--models", "edmdc"), "no gradient steps"),
        (("train", "--horizons", "ten"), "whole numbers"),
        (("train", "--horizons", "10,10"), "none twice"),
        (("train", "--params", "few"), "--params 'few'"),
        (("train", "--params", "3"), "is too small"),
        (("unroll", "--latent-dim", "0"), "latent_dim must be >= 1"),
        (("predict", "--batch-sizes", "0"), "batch_sizes must be >= 1"),
    ],
)
def test_mistakes_are_one_line(arguments, words):
    done = run(*arguments)
    assert done.exit_code == 2 and words in done.stderr and done.stdout == ""
