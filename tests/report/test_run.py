import json

import pytest
from report_parts import DIGEST, EVIL, write_full_run, write_gru

from koopcli.errors import ModelError
from koopcli.report import run as run_folder


@pytest.fixture
def folder(tmp_path):
    return write_full_run(tmp_path / "run")


def test_a_run_folder_is_read_whole(folder):
    (run,) = run_folder.read([folder])
    assert (run.name, run.kind, run.saved.meta.step) == ("run", "koopman", 20)
    assert run.label == f"koopman ({folder})"
    assert run.settings["train.steps"] == 30
    assert run.record["dataset"] == f"/data/{EVIL}.h5"
    assert [row["step"] for row in run.metrics] == [10, 20, 30]
    assert run.warnings == ()
    # 3 observations, 1 action, 4 modes: by hand from the layers of the model.
    import jax

    leaves = jax.tree.leaves(run.saved.model)
    assert run.parameters <= sum(leaf.size for leaf in leaves)


def test_a_model_file_has_no_settings_and_no_warnings(tmp_path):
    (run,) = run_folder.read([write_gru(tmp_path / "gru")])
    assert run.kind == "gru"
    assert (run.settings, run.record, run.metrics, run.warnings) == ({}, {}, (), ())


def test_names_are_as_long_as_they_must_be(tmp_path):
    paths = [write_full_run(tmp_path / way / "run") for way in ("a", "b")]
    names = [run.name for run in run_folder.read(paths)]
    assert names == [f"koopman ({path})" for path in paths]


def test_the_half_line_of_a_killed_run_is_left_out(folder):
    with open(folder / "metrics.jsonl", "a") as file:
        file.write('{"step": 40, "sec')
    (run,) = run_folder.read([folder])
    assert len(run.metrics) == 3
    assert run.warnings == ()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.toml", b"= 3", "config.toml: unreadable"),
        ("environment.json", b"{", "environment.json: unreadable"),
        ("environment.json", b"\xff", "environment.json: unreadable"),
        ("metrics.jsonl", b'nonsense\n{"step": 1}\n', "line 1 is no record"),
        ("metrics.jsonl", b'{"loss": 1}\n{"step": 1}\n', "line 1 is no record"),
    ],
)
def test_a_damaged_description_is_a_warning(folder, name, content, said):
    (folder / name).write_bytes(content)
    (run,) = run_folder.read([folder])
    assert len(run.warnings) == 1
    assert said in run.warnings[0]


def test_an_environment_that_is_no_object_says_nothing(folder):
    (folder / "environment.json").write_text("[1]")
    assert run_folder.read([folder])[0].record == {}


def test_a_missing_model_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="no such run folder or model file"):
        run_folder.read([tmp_path / "nothing"])


def test_the_document_is_json(folder):
    (run,) = run_folder.read([folder])
    document = json.loads(json.dumps(run.document()))
    assert document["dataset_sha256"] == DIGEST
    assert document["metrics"][0]["step"] == 10
