"""`koopcli train --data-map`, then `koopcli eval --data-map`, as a shell sees it."""

import json

import linear_world
import pytest
from tiny_training import TINY
from typer.testing import CliRunner

from koopcli.cli.app import app


def koopcli(*arguments):
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("w")
    world = linear_world.one_each(linear_world.world())
    data = linear_world.write_world(folder / "data.h5", world)
    flags = (*TINY, "--steps", "4", "--set", "eval_every=2", "--data-map")
    done = koopcli("train", data, "-o", folder / "run", *flags)
    assert done.exit_code == 0, done.stderr
    return folder / "run", data


def test_the_map_is_printed_and_written(files, tmp_path):
    shown = koopcli("eval", *files, "--data-map", "--output", tmp_path / "out")
    assert shown.exit_code == 0, shown.stderr
    assert "Hard windows" in shown.stdout and "episode 0" in shown.stdout
    assert "2 validations" in shown.stderr
    assert (tmp_path / "out" / "data_map.png").is_file()
    again = koopcli("eval", *files, "--data-map", "--output", tmp_path / "out")
    assert again.exit_code == 2 and "--overwrite" in again.stderr


def test_json_goes_to_stdout_and_nothing_else_does(files):
    document = json.loads(koopcli("eval", *files, "--data-map", "--json").stdout)
    assert document["schema"] == "koopcli.data_map/1"
    assert document["protocol"]["validations"] == [2, 4]
    assert {row["episode"] for row in document["windows"]} == {0}


def test_a_run_without_a_map_exits_with_4_and_says_how_to_train_one(tmp_path, files):
    run = linear_world.write_run(tmp_path / "run")
    (run / "config.toml").write_text("")
    result = koopcli("eval", run, files[1], "--data-map")
    assert result.exit_code == 4 and result.stdout == ""
    assert "koopcli train DATA --output RUN --data-map" in result.stderr


@pytest.mark.parametrize(
    "more",
    [
        ("--simulate",),
        ("--long-run",),
        ("--horizons", "1,2"),
        ("--n-init", 3),
        ("--burn-in", 3),
        ("--plot-dims", "x"),
        ("--split", "val"),
    ],
)
def test_other_options_have_no_place_beside_it(files, more):
    result = koopcli("eval", *files, "--data-map", *more)
    assert result.exit_code == 2 and "omit other options" in result.stderr


def test_two_runs_at_once_are_refused(files):
    result = koopcli("eval", files[0], *files, "--data-map")
    assert result.exit_code == 2 and "speaks of one RUN" in result.stderr
