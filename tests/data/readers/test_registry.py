import pytest

from koopcli.config import IngestConfig
from koopcli.data import readers
from koopcli.errors import ConfigError, DataError


def test_every_module_of_the_folder_is_a_format():
    assert readers.names() == ["d4rl", "minari"]


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="--format csvx: unknown; known: auto, d4rl"):
        readers.open_source("x", IngestConfig(format="csvx"))


def test_what_nobody_recognises_is_named(tmp_path):
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(DataError, match="unknown format; known formats"):
        readers.open_source(str(tmp_path / "x.txt"), IngestConfig())
    with pytest.raises(DataError, match="no such file, folder or Minari id"):
        readers.open_source(str(tmp_path / "none"), IngestConfig())
