import dataclasses
import json

import pytest

from koopcli import config_file
from koopcli.config.choices import Remat
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.train import resuming

CONFIG = RunConfig(train=TrainConfig(steps=100))


@pytest.fixture
def run(tmp_path):
    (tmp_path / "config.toml").write_text(config_file.to_toml(CONFIG))
    (tmp_path / "environment.json").write_text(
        json.dumps({"dataset": str(tmp_path / "data.h5")})
    )
    return tmp_path


def train(**changes):
    return RunConfig(train=dataclasses.replace(CONFIG.train, **changes))


def test_what_does_not_change_the_steps_taken_may_differ(run):
    resuming.check(run, CONFIG)
    resuming.check(
        run,
        train(
            steps=200,
            keep=5,
            checkpoint_every=3,
            memory_budget=10**9,
            remat=Remat.NEVER,
        ),
    )


def test_other_settings_are_refused_by_name(run):
    with pytest.raises(ConfigError, match=r"train\.seed \(0 -> 3\), train.*leave"):
        resuming.check(run, train(seed=3, eval_every=7, steps=200))


def test_a_run_of_a_version_without_a_setting_of_today_is_refused_by_its_name(run):
    lines = (run / "config.toml").read_text().splitlines()
    missing = ("one_step", "keep")  # the second one changes no step
    kept = [line for line in lines if not line.startswith(missing)]
    assert len(kept) == len(lines) - 2
    (run / "config.toml").write_text("\n".join(kept))
    (run / "environment.json").write_text('{"koopcli": "0.0.7"}')
    with pytest.raises(
        ConfigError,
        match=r"begun by koopcli 0\.0\.7, which did not have loss\.one_step",
    ):
        resuming.check(run, CONFIG)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ModelError, match="is not a run folder"):
        resuming.settings(tmp_path)


def test_the_dataset_is_where_it_was_or_where_it_is_said_to_be(run):
    with pytest.raises(DataError, match=r"data\.h5: the dataset of .* is not there"):
        resuming.dataset(run, None)
    (run / "data.h5").touch()
    assert resuming.dataset(run, None) == run / "data.h5"
    assert resuming.dataset(run, run / "other.h5") == run / "other.h5"
    (run / "environment.json").write_text("{")
    with pytest.raises(DataError, match="does not say where the dataset is"):
        resuming.dataset(run, None)
