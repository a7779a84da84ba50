import json

import pytest
from d4rl_file import write_d4rl
from typer.testing import CliRunner

from koopcli.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["ingest", *map(str, arguments)])


@pytest.fixture
def source(tmp_path):
    write_d4rl(tmp_path / "x.hdf5", (12, 30, 14))
    return tmp_path / "x.hdf5"


def test_a_summary_for_people_and_warnings_beside_it(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--min-length", 13)
    assert result.exit_code == 0
    for words in (
        "episodes",
        "shorter than 13 steps",
        "1 episodes, 12 steps",
        "reward",
    ):
        assert words in result.stdout
    assert "warning: the sampling time is unknown" in result.stderr


def test_json_is_one_document(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--dt", 0.1, "--json")
    document = json.loads(result.stdout)
    assert document["schema"] == "koopcli.ingest/1" and document["episodes"] == 3
    assert document["dt"] == 0.1 and document["splits"] == {
        "train": 1,
        "val": 1,
        "test": 1,
    }
    assert result.stderr == ""


def test_a_missing_output_is_a_usage_error(source):
    assert run(source).exit_code == 2


def test_bad_fractions_are_a_configuration_error(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--val-fraction", 2)
    assert result.exit_code == 2 and "val_fraction" in result.stderr


TABLE = "clock;out;in\n" + "".join(f"{t / 10};{t * t};{t}\n" for t in range(40))
FLAGS = (
    *("--time-col", "clock", "--obs-cols", "o*", "--action-cols", "2"),
    *("--action-align", "lag", "--train-rows", "0:20", "--test-rows", "20:40"),
)


def test_a_mapping_is_described_once(tmp_path):
    (tmp_path / "x.csv").write_text(TABLE)
    lab = tmp_path / "lab.toml"
    first = run(
        tmp_path / "x.csv", "-o", tmp_path / "a.h5", *FLAGS, "--write-mapping", lab
    )
    assert first.exit_code == 0, first.stderr
    second = run(
        tmp_path / "x.csv", "-o", tmp_path / "b.h5", "--mapping", lab, "--json"
    )
    document = json.loads(second.stdout)
    assert document["observation_names"] == ["out"] and document["dt"] == 0.1
    assert document["splits"] == {"train": 1, "val": 0, "test": 1}
    assert document["steps"] == 38  # lag: the first action of each range is left out
    third = run(
        *(tmp_path / "x.csv", "-o", tmp_path / "c.h5", "--mapping", lab, "--json"),
        *("--action-align", "lead"),
    )
    assert json.loads(third.stdout)["steps"] == 40


def test_a_mapping_is_not_overwritten_and_not_left_behind_by_a_failure(tmp_path):
    (tmp_path / "x.csv").write_text(TABLE)
    lab = tmp_path / "lab.toml"
    arguments = (tmp_path / "x.csv", "-o", tmp_path / "a.h5", "--write-mapping", lab)
    failed = run(*arguments)
    assert failed.exit_code == 3 and "--obs-cols" in failed.stderr
    assert not lab.exists()
    lab.write_text("mine")
    assert run(*arguments, *FLAGS).exit_code == 2
    assert lab.read_text() == "mine" and not (tmp_path / "a.h5").exists()


def test_selection_is_counted(tmp_path, source):
    result = run(
        *(source, "-o", tmp_path / "d.h5", "--json", "--episodes", "0,2"),
        *("--max-episodes", 1, "--subsample", 5),
    )
    assert json.loads(result.stdout)["dropped"] == {
        "not among --episodes": [1, 30],
        "more than 1 episodes": [1, 14],
        "beyond the last whole step of --subsample": [0, 2],
    }


def test_lists_without_content_are_a_configuration_error(tmp_path, source):
    result = run(source, "-o", tmp_path / "d.h5", "--obs-cols", "a,,b")
    assert result.exit_code == 2 and "--obs-cols 'a,,b'" in result.stderr


def test_the_help_names_every_format():
    from koopcli.data import readers

    assert ", ".join(readers.names()) in " ".join(
        (app.registered_commands[0].callback.__annotations__["format"].__metadata__)[
            0
        ].help.split()
    )


def test_append_takes_the_split_settings_of_the_file_and_says_what_was_added(
    tmp_path, source
):
    out, more = tmp_path / "o.h5", tmp_path / "more.hdf5"
    write_d4rl(more, (4,) * 10, seed=1)
    assert run(source, "--output", out, "--val-fraction", 0, "--seed", 5).exit_code == 0
    result = run(more, "--output", out, "--append", "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["episodes"], document["episodes_before"]) == (10, 3)
    assert document["splits"] == {"train": 11, "val": 0, "test": 2}
    assert "the 3 episodes that were there keep their splits" in result.stderr
    result = run(more, "--output", out, "--append", "--val-fraction", 0.2)
    assert "10, added to 13" in result.stdout
    assert "was ingested before" in result.stderr and "val 2" in result.stderr


def test_append_and_overwrite_exclude_each_other(tmp_path, source):
    out = tmp_path / "o.h5"
    run(source, "--output", out)
    assert run(source, "--output", out, "--append", "--overwrite").exit_code == 2
    assert run(source, "--output", tmp_path / "none.h5", "--append").exit_code == 3
