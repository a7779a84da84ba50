import pytest
from d4rl_file import write_d4rl

from koopcli.config.data import IngestConfig
from koopcli.data import readers
from koopcli.errors import ConfigError, DataError

NAMES = ["csv", "d4rl", "lerobot", "matlab", "minari", "npz", "parquet", "robomimic"]


def test_every_module_of_the_folder_is_a_format():
    assert readers.names() == NAMES


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(
        ConfigError, match="--format csvx: unknown; known: auto, csv, d4rl"
    ):
        readers.open_source("x", IngestConfig(format="csvx"))


def test_what_nobody_recognises_is_named(tmp_path):
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(DataError, match="unknown format; known formats"):
        readers.open_source(str(tmp_path / "x.txt"), IngestConfig())
    with pytest.raises(DataError, match="no such file, folder or Minari id"):
        readers.open_source(str(tmp_path / "none"), IngestConfig())


def test_settings_that_mean_nothing_to_a_format_are_said(tmp_path):
    write_d4rl(tmp_path / "x.hdf5")
    config = IngestConfig(obs_cols=("y",), split_col="a", resample=1.0)
    _, source = readers.open_source(str(tmp_path / "x.hdf5"), config)
    assert source.warnings[-1].endswith(
        "--obs-cols, --split-col, --resample mean nothing to the format d4rl"
    )
