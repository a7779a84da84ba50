import json

from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["env", *arguments])


def test_it_prints_what_a_bug_report_needs(monkeypatch):
    monkeypatch.setenv("JAX_TEST_VARIABLE", "here")
    result = run()
    assert result.exit_code == 0, result.stderr
    for words in ("versions.jaxlib", "precision.dtype", "float32", "backend"):
        assert words in result.stdout
    assert "variables.JAX_TEST_VARIABLE" in result.stdout and "here" in result.stdout


def test_json_is_the_record_of_a_run_folder():
    found = json.loads(run("--json", "--device", "cpu").stdout)
    assert found["schema"] == "koopcli.environment/1"
    assert found["backend"] == "cpu" and found["versions"]["jax"]


def test_a_device_that_is_missing_is_not_passed_over():
    result = run("--device", "gpu")
    assert result.exit_code == 7 and "no such device" in result.stderr
