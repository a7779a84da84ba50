import json

import linear_world
import pytest

from koopcli.config.training import RunConfig, TrainConfig
from koopcli.errors import ConfigError
from koopcli.train import run_folder


def test_a_failure_before_any_model_leaves_no_folder(tmp_path):
    run = tmp_path / "run"
    with pytest.raises(ValueError), run_folder.creating(run, overwrite=False):
        (run / "metrics.csv").touch()
        raise ValueError
    assert not run.exists()


def test_a_failure_after_a_model_keeps_it(tmp_path):
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), run_folder.creating(run, overwrite=False):
        (run / "last.eqx").touch()
        raise KeyboardInterrupt
    assert (run / "last.eqx").exists()


def test_an_empty_folder_may_be_used(tmp_path):
    run_folder.refuse(tmp_path, overwrite=False)


def test_a_file_in_the_way_is_refused(tmp_path):
    path = tmp_path / "run"
    path.touch()
    with pytest.raises(ConfigError, match="already exists"):
        run_folder.refuse(path, overwrite=False)


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    for name in (".lock", ".config.tmp.toml", ".config.77.tmp.toml"):
        (run / name).touch()
    with run_folder.creating(run, overwrite=False):
        (run / "last.eqx").touch()
    (run / "checkpoints").mkdir()
    for name in (".last.tmp.eqx", "checkpoints/.step_00000001.8.tmp.eqx"):
        (run / name).touch()
    run_folder.tidy(run)
    assert not list(run.rglob(".*.tmp.*"))
    assert (run / "last.eqx").exists()


def test_a_folder_that_is_replaced_is_emptied_whatever_is_in_it(tmp_path):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    (run / "checkpoints").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "thesis.tex").touch()
    for name in ("config.toml", "notes.txt", "checkpoints/step_00000001.eqx"):
        (run / name).touch()
    (run / "link").symlink_to(elsewhere)
    with run_folder.creating(run, overwrite=True):
        assert [path.name for path in run.iterdir()] == [".lock"]
        (run / "last.eqx").touch()
    assert (elsewhere / "thesis.tex").exists()


def test_the_record_of_a_run_that_goes_on_grows(tmp_path):
    config = RunConfig()
    run_folder.describe(tmp_path, config, {"command": "a", "dataset": "x"})
    for step in (3, 9):
        record = {"command": "b", "dataset": "y"}
        run_folder.describe_again(tmp_path, config, record, step)
    found = json.loads((tmp_path / "environment.json").read_text())
    assert (found["command"], found["dataset"]) == ("a", "y")
    assert [again["step"] for again in found["resumed"]] == [3, 9]


def test_the_environment_names_versions_and_device():
    dataset = linear_world.world()
    config = RunConfig(train=TrainConfig(seed=7))
    found = run_folder.environment(dataset, config, "ab12", "koopcli train d.h5")
    assert (found["dataset_sha256"], found["seed"]) == ("ab12", 7)
    assert found["dataset"].endswith("/world.h5")
    assert found["schema"] == "koopcli.environment/1"
    assert {"jax", "equinox", "optax"} <= found["versions"].keys()
    assert found["backend"] == "cpu" and found["command"] == "koopcli train d.h5"
