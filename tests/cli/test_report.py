import json

import pytest
from report_parts import write_data, write_full_run
from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    return write_full_run(tmp_path / "run")


def test_the_page_is_written_and_said(folder, tmp_path):
    output = tmp_path / "deep" / "report.html"
    result = run(folder, "--output", output)
    assert result.exit_code == 0
    assert output.read_text().startswith("<!DOCTYPE html>")
    assert f"wrote {output}" in result.stderr
    assert "spectral radius" in result.stdout
    assert [path.name for path in output.parent.iterdir()] == ["report.html"]


def test_json_goes_to_stdout_and_nothing_else_does(folder, tmp_path):
    data, output = write_data(tmp_path), tmp_path / "r.html"
    result = run(folder, "--data", data, "-o", output, "--horizons", "1,5", "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.report/1"
    assert document["evaluation"]["protocol"]["horizons"] == [1, 5]
    assert "warning: " in result.stderr
    assert output.is_file()


def test_a_page_is_not_replaced_unasked(folder, tmp_path):
    output = tmp_path / "report.html"
    output.write_text("mine")
    result = run(folder, "--output", output)
    assert result.exit_code == 2
    assert "--overwrite" in result.stderr
    assert output.read_text() == "mine"
    assert run(folder, "--output", output, "--overwrite").exit_code == 0
    assert "<!DOCTYPE html>" in output.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing", "-o", "r.html"], 4, "no such run folder or model file"),
        ([".", "-o", "r.html"], 4, "holds no model.eqx"),
        (["run", "-o", "."], 2, "is a folder; --output takes a file"),
        (["run", "run", "-o", "r.html"], 2, "none twice"),
        (["run", "-o", "r.html", "--data", "no.h5"], 3, "no such file"),
        (["run", "-o", "r.html", "--horizons", "0"], 2, "horizons must be >= 1"),
        (["run", "-o", "r.html", "--horizons", "x"], 2, "whole numbers"),
        (["run", "-o", "r.html", "--tolerance", "0"], 2, "tolerance must be > 0"),
        (["run"], 2, "Missing option"),
    ],
)
def test_errors_have_their_codes_and_leave_nothing(
    folder, tmp_path, monkeypatch, arguments, code, said
):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
