import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli.config.choices import ActionAlign, TimeUnit
from koopcli.config.data import IngestConfig
from koopcli.data import mapping_file
from koopcli.errors import ConfigError

FULL = IngestConfig(
    format="csv",
    obs_cols=("y*", 'an "odd" name'),
    action_cols=("3",),
    time_col="tempo_ms",
    time_unit=TimeUnit.MILLISECONDS,
    train_rows=("0:10", "20:30"),
    action_align=ActionAlign.LAG,
    subsample=5,
    resample=0.01,
    seed=7,
)


def test_what_is_written_is_read_back_but_not_the_choice_of_episodes(tmp_path):
    mapping_file.write(tmp_path / "lab.toml", FULL)
    settings = mapping_file.read(tmp_path / "lab.toml")
    assert IngestConfig(**settings, seed=7) == FULL and "seed" not in settings


def test_defaults_are_not_written(tmp_path):
    mapping_file.write(tmp_path / "lab.toml", IngestConfig())
    assert mapping_file.read(tmp_path / "lab.toml") == {}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_survives(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("mapping") / "lab.toml"
    config = IngestConfig(obs_cols=(name,), reward_col=name)
    mapping_file.write(path, config)
    assert IngestConfig(**mapping_file.read(path)) == config


def test_every_key_is_a_setting():
    names = {field.name for field in dataclasses.fields(IngestConfig)}
    assert set(mapping_file.KEYS) <= names


def test_columns_may_be_numbers(tmp_path):
    (tmp_path / "lab.toml").write_text("obs_cols = [1, 2]\ntime_col = 0\ndt = 1\n")
    assert mapping_file.read(tmp_path / "lab.toml") == {
        "obs_cols": ("1", "2"),
        "time_col": "0",
        "dt": 1.0,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("obs_col = ['y']", r"unknown key 'obs_col'; did you mean 'obs_cols'\?"),
        ("seed = 1", "unknown key 'seed'"),
        ("obs_cols = 'y'", "obs_cols cannot be 'y'"),
        ("obs_cols = [1.5]", "obs_cols cannot be"),
        ("dt = true", "dt cannot be True"),
        ("subsample = 1.5", "subsample cannot be 1.5"),
        ("action_align = 'late'", "action_align cannot be 'late'"),
        ("= 3", "cannot read the mapping"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    (tmp_path / "lab.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        mapping_file.read(tmp_path / "lab.toml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the mapping"):
        mapping_file.read(tmp_path / "none.toml")
