import pytest

from koopcli import run_dir
from koopcli.errors import ModelError


def test_a_run_means_its_best_model_or_else_its_last(tmp_path):
    (tmp_path / "last.eqx").touch()
    assert run_dir.model_file(tmp_path).name == "last.eqx"
    (tmp_path / "model.eqx").touch()
    assert run_dir.model_file(tmp_path).name == "model.eqx"


def test_a_model_file_means_itself(tmp_path):
    file = tmp_path / "step_00000010.eqx"
    file.touch()
    assert run_dir.model_file(file) == file


def test_an_empty_folder_and_a_missing_one_say_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"holds no model\.eqx; `koopcli train"):
        run_dir.model_file(tmp_path)
    with pytest.raises(ModelError, match="no such run folder"):
        run_dir.model_file(tmp_path / "none")


def test_checkpoints_sort_by_name():
    assert run_dir.checkpoint_name(500) == "step_00000500.eqx"


def test_a_run_folder_has_a_configuration(tmp_path):
    assert not run_dir.is_run(tmp_path)
    (tmp_path / "config.toml").touch()
    assert run_dir.is_run(tmp_path)
