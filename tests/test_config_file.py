import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koopcli import config_file
from koopcli.config.choices import Initialisation
from koopcli.config.model import ModelConfig
from koopcli.config.training import LossConfig, OptimizerConfig, RunConfig, TrainConfig
from koopcli.errors import ConfigError


@given(
    steps=st.integers(1, 10**9),
    rate=st.floats(1e-12, 1e3),
    skip=st.booleans(),
    init=st.sampled_from(Initialisation),
    time_step=st.none() | st.floats(1e-6, 10.0),
    fraction=st.floats(1e-3, 1.0),
)
def test_what_is_written_reads_back_the_same(
    tmp_path_factory, steps, rate, skip, init, time_step, fraction
):
    config = RunConfig(
        model=ModelConfig(skip=skip, init=init, time_step=time_step),
        loss=LossConfig(decode_fraction=fraction),
        optimizer=OptimizerConfig(learning_rate=rate),
        train=TrainConfig(steps=steps),
    )
    path = tmp_path_factory.mktemp("toml") / "config.toml"
    path.write_text(config_file.to_toml(config))
    assert config_file.build(config_file.read(path)) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[model]\nlatent_dims = 3",
            r"unknown setting 'model.latent_dims'; did you mean",
        ),
        (
            "[modell]\nlatent_dim = 3",
            r"unknown table \[modell\]; did you mean \[model\]",
        ),
        ("[modell]", r"unknown table \[modell\]"),
        ("[train]\nsteps = '7'", "train.steps must be a whole number, got '7'"),
        ("[model]\nskip = 'true'", "model.skip must be true or false, got 'true'"),
        ("[optimizer]\nlearning_rate = inf", "learning_rate must be a number, got inf"),
        ("[train]\nsteps = 1.5", "train.steps must be a whole number, got 1.5"),
        ("[train]\nsteps = true", "train.steps must be a whole number, got True"),
        ("[model]\nskip = 1", "model.skip must be true or false"),
        ("[model]\ninit = 'spiral'", "model.init must be one of rotation"),
        ("[model]\ntime_step = []", "model.time_step must be a number or none"),
        ("[train", "cannot read the configuration"),
    ],
)
def test_mistakes_in_a_file_are_named_with_the_file(tmp_path, text, message):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        config_file.read(path)
    assert "c.toml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: cannot read"):
        config_file.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("train.steps", "7", 7),
        ("optimizer.learning_rate", "1e-3", 1e-3),
        ("optimizer.learning_rate", 1, 1.0),
        ("model.skip", "False", False),
        ("model.time_step", "none", None),
        ("model.time_step", "0.1", 0.1),
        ("model.init", "ring", Initialisation.RING),
    ],
)
def test_text_becomes_the_type_of_the_setting(name, value, expected):
    found = config_file.convert(name, value, "--set")
    assert found == expected and type(found) is type(expected)


def test_short_names_are_enough():
    assert config_file.full_name("latent_dim", "--set") == "model.latent_dim"


def test_flatten_knows_every_setting():
    flat = config_file.flatten(RunConfig())
    count = sum(len(dataclasses.fields(kind)) for kind in config_file.SECTIONS.values())
    assert len(flat) == count and flat["train.horizon"] == TrainConfig().horizon


def test_an_optional_setting_is_unset_in_a_file_by_none(tmp_path):
    (tmp_path / "c.toml").write_text("[model]\ntime_step = 'none'\n")
    assert config_file.read(tmp_path / "c.toml") == {"model.time_step": None}
