import json
import shutil

import pytest
from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["demo", *map(str, arguments)])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "here"
    return folder, run("-o", folder, "--steps", 20, "--episodes", 9)


def test_the_demo_does_the_whole_job(finished):
    folder, result = finished
    assert result.exit_code == 0, result.stderr
    for name in (
        "pendulum.h5",
        "run/model.eqx",
        "eval/results.json",
        "eval/error_over_horizon.png",
        "eigenvalues.png",
        "rollout.png",
    ):
        assert (folder / name).stat().st_size > 0
    assert "persistence" in result.stdout and "koopcli ingest SOURCE" in result.stdout
    assert "5/5" in result.stderr and "5/5" not in result.stdout


def test_a_second_demo_needs_overwrite_and_only_deletes_demos(finished, tmp_path):
    folder, _ = finished
    assert run("-o", folder).exit_code == 2
    (tmp_path / "letter.txt").touch()
    result = run("-o", tmp_path, "--overwrite")
    assert result.exit_code == 2 and "is not an earlier demo" in result.stderr
    (tmp_path / "minari").mkdir()
    assert run("-o", tmp_path, "--overwrite").exit_code == 2
    assert (tmp_path / "letter.txt").exists()


def test_a_negative_seed_is_a_usage_error(tmp_path):
    result = run("-o", tmp_path / "d", "--seed", -1)
    assert result.exit_code == 2 and not (tmp_path / "d").exists()


@pytest.mark.slow
def test_json_is_one_document_also_over_an_earlier_demo(finished, tmp_path):
    earlier = shutil.copytree(finished[0], tmp_path / "d")
    result = run("-o", earlier, "--steps", 5, "--episodes", 9, "--json", "--overwrite")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.demo/1" and document["episodes"] == 9
    assert document["eval"]["schema"] == "koopcli.eval/1"
