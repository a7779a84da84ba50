import pytest

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


def test_the_environment_names_versions_and_device(tmp_path):
    found = run_folder.environment(tmp_path / "d.h5", "koopcli train d.h5")
    assert found["schema"] == "koopcli.environment/1"
    assert {"jax", "equinox", "optax"} <= found["versions"].keys()
    assert found["backend"] == "cpu" and found["command"] == "koopcli train d.h5"
