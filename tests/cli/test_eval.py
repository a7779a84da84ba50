import json

import pytest
from linear_world import model_meta, world, write_run, write_world
from typer.testing import CliRunner

from koopcli.cli.app import app


@pytest.fixture
def files(tmp_path):
    return write_run(tmp_path / "run"), write_world(tmp_path / "data.h5")


def run(*arguments):
    return CliRunner().invoke(app, ["eval", *map(str, arguments)])


def test_json_goes_to_stdout_and_nothing_else_does(files):
    result = run(*files, "--horizons", "1,5", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["schema"] == "koopcli.eval/1"
    assert document["protocol"]["horizons"] == [1, 5]
    assert {row["model"] for row in document["results"]} == {
        "koopman", "persistence", "linear",
    }  # fmt: skip


def test_the_table_shows_models_and_remarks_go_to_stderr(files):
    result = run(*files, "--horizons", "1")
    assert result.exit_code == 0
    assert "persistence" in result.stdout
    assert "starts of the test split" in result.stderr


def test_results_are_written_and_not_replaced(files, tmp_path):
    arguments = (*files, "--horizons", "1", "--output", tmp_path / "out")
    assert run(*arguments).exit_code == 0
    assert (tmp_path / "out" / "results.tex").is_file()
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "--overwrite" in refused.stderr
    assert run(*arguments, "--overwrite").exit_code == 0


def test_several_runs(files, tmp_path):
    other = write_run(tmp_path / "other")
    result = run(files[0], other, files[1], "--horizons", "1", "--json")
    summary = json.loads(result.stdout)["summary"]
    assert [row["run"] for row in summary] == [str(files[0]), str(other), None, None]


@pytest.mark.parametrize("text", ["1,x", "", "0", "1.5"])
def test_bad_horizons_are_a_usage_error(files, text):
    result = run(*files, "--horizons", text)
    assert result.exit_code == 2
    assert "horizons" in result.stderr
    assert result.stdout == ""


def test_a_model_of_another_system_exits_with_4(files, tmp_path):
    other = write_run(tmp_path / "other", model_meta(world(), action_names=("force",)))
    result = run(other, files[1])
    assert result.exit_code == 4
    assert "'force' in the model but 'u'" in result.stderr


def test_missing_files_exit_with_3_and_4(files, tmp_path):
    assert run(files[0], tmp_path / "none.h5").exit_code == 3
    assert run(tmp_path / "none", files[1]).exit_code == 4


def test_whole_episodes_are_simulated(files, tmp_path):
    flags = ("--simulate", "--n-init", 4)
    document = json.loads(run(*files, *flags, "--json").stdout)
    assert document["schema"] == "koopcli.simulation/1"
    assert document["protocol"]["n_init"] == 4
    shown = run(*files, *flags, "--output", tmp_path / "out")
    assert shown.exit_code == 0 and "all episodes" in shown.stdout
    assert "simulated after 4 given samples" in shown.stderr
    assert (tmp_path / "out" / "simulation.csv").is_file()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--n-init", 4), "belongs to --simulate"),
        (("--simulate", "--horizons", "1,2"), "omit --horizons"),
        (("--simulate", "--stride", 2), "omit --horizons"),
        (("--simulate", "--n-init", 0), "n_init"),
        (("--simulate", "--reencode-every", "0,5"), "one --reencode-every"),
        (("--simulate", "--fail-if", "r2@1<0"), "no --angle-cols, --fail-if"),
        (("--simulate", "--long-run"), "--plot-dims or --long-run"),
        (("--simulate", "--bootstrap", 5), "--simulate has no use for --bootstrap"),
        (("--simulate", "--min-steps", 9), "has no use for --min-steps"),
    ],
)
def test_flags_that_contradict_simulation_are_a_usage_error(files, flags, message):
    result = run(*files, *flags)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_gate_that_holds_exits_with_6_after_the_result(files):
    flags = ("--horizons", "1", "--bootstrap", 5, "--json")
    passed = run(*files, *flags, "--fail-if", "nrmse@1>1e9")
    assert passed.exit_code == 0
    failed = run(*files, *flags, "--fail-if", "nrmse@1>0", "--fail-if", "mae@1>0")
    assert failed.exit_code == 6
    assert json.loads(failed.stdout) == json.loads(passed.stdout)
    assert "--fail-if 'nrmse@1>0' holds" in failed.stderr
    assert "--fail-if 'mae@1>0' holds" in failed.stderr


def test_several_intervals_between_re_encodings_are_compared(files):
    flags = ("--horizons", "3", "--bootstrap", 5, "--reencode-every", "0,2", "--json")
    document = json.loads(run(*files, *flags).stdout)
    assert [row["reencode_every"] for row in document["reencoding"]] == [0, 2]
    assert document["protocol"]["reencode_sweep"] == [0, 2]
    assert any("chosen on the test split" in text for text in document["warnings"])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--fail-if", "nrmse@7>1"), "7 is not among the horizons"),
        (("--fail-if", "nonsense"), "expected METRIC"),
        (("--reencode-every", "5,5"), "names a value twice"),
        (("--reencode-every", "x"), "whole numbers separated by commas"),
        (("--angle-cols", "phi"), "the dimensions are x, y, one"),
        (("--confidence", "1"), "confidence must be below 1"),
        (("--valid-threshold", "0"), "valid_threshold"),
        (("--lyapunov-exponent", "0"), "lyapunov_exponent"),
        (("--burn-in", "5"), "belong to --long-run"),
        (("--long-run", "--min-steps", "1"), "min_steps must be >= 2"),
        (("--fail-if", "d_h>0.1"), "add --long-run"),
    ],
)
def test_flags_that_make_no_sense_are_a_usage_error(files, flags, message):
    result = run(*files, *flags)
    assert result.exit_code == 2
    assert message in result.stderr


def test_long_run_statistics_are_printed_and_written(files, tmp_path):
    flags = ("--horizons", "1", "--bootstrap", 5, "--long-run", "--min-steps", 10)
    more = ("--burn-in", 2, "--fail-if", "d_stsp>1e9", "--output", tmp_path / "out")
    shown = run(*files, *flags, *more)
    assert shown.exit_code == 0, shown.stderr
    assert "Long-run statistics" in shown.stdout
    assert (tmp_path / "out" / "long_run.csv").is_file()
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["protocol"]["long_run"]["burn_in"] == 2
    assert document["long_run"][0]["steps"] == 45 - 2 * 2
