import json

import pytest
from linear_world import world, write_world
from typer.testing import CliRunner

from koopcli.cli.app import app

SMALL = (
    *("--set", "model.latent_dim=4", "--set", "model.encoder_width=8"),
    *("--set", "model.decoder_width=8", "--set", "train.horizon=5"),
    *("--set", "train.batch_size=4", "--set", "model.width=8"),
)


def run(*arguments):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


@pytest.fixture
def data(tmp_path):
    episodes = world()
    episodes.splits.update(
        val=episodes.splits["test"][:1], test=episodes.splits["test"][1:]
    )
    return write_world(tmp_path / "data.h5", episodes)


def test_from_nothing_to_a_table_and_again(tmp_path, data):
    output = tmp_path / "cmp"
    arguments = (
        *(data, "--output", output, "--models", "koopman,mlp", "--budget", "3"),
        *("--horizons", "1,5", *SMALL),
    )
    first = run(*arguments)
    assert first.exit_code == 0, first.stderr
    assert "States: NRMSE by steps ahead" in first.stdout
    assert "States, mean over 5 steps:" in first.stdout
    assert "run 2 of 2: mlp-seed0, 3 steps of 4 windows, horizon 5" in first.stderr
    models = {path: path.read_bytes() for path in output.glob("*/model.eqx")}
    times = {path: path.stat().st_mtime_ns for path in models}
    assert len(models) == 2
    again = run(*arguments, "--json")
    document = json.loads(again.stdout)
    assert document["schema"] == "koopcli.compare/1"
    assert document == json.loads((output / "comparison.json").read_text())
    assert document["models"][0]["steps"] == {"mean": 3.0, "std": None}
    assert "finished before" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in models} == times
    assert {path: path.read_bytes() for path in models} == models
    refused = run(*arguments, "--set", "train.horizon=6")
    assert refused.exit_code == 2 and "--overwrite" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--models", "koopman,lstm"), "lstm"),
        (("--models", ""), "--models"),
        (("--models", "mlp,mlp"), "twice"),
        (("--seeds", "a"), "--seeds"),
        (("--seeds", "-1"), "seeds"),
        (("--budget", "soon"), "--budget"),
        (("--params", "big"), "--params"),
        (("--horizons", "0"), "horizons"),
        (("--set", "train.seed=3"), "use --seeds"),
        (("--set", "nothing=3"), "unknown setting"),
    ],
)
def test_bad_flags_are_usage_errors(tmp_path, data, arguments, words):
    result = run(data, "--output", tmp_path / "cmp", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr and result.stdout == ""
    assert not (tmp_path / "cmp").exists()


def test_a_foreign_folder_and_a_missing_dataset(tmp_path, data):
    refused = run(data, "--output", tmp_path)
    assert refused.exit_code == 2 and "neither empty" in refused.stderr
    assert run(tmp_path / "none.h5", "--output", tmp_path / "cmp").exit_code == 3
