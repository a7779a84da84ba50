import pytest

from koopcli.data import source_files
from koopcli.errors import DataError


def test_files_of_a_folder_come_in_counting_order(tmp_path):
    for name in ("run10.csv", "run2.CSV", "notes.md", "a.csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    found = source_files.find(str(tmp_path), (".csv",))
    assert [path.name for path in found] == ["a.csv", "run2.CSV", "run10.csv"]
    assert source_files.recognised(str(tmp_path), (".csv",))
    assert source_files.recognised(str(tmp_path / "a.csv"), (".csv",))
    assert not source_files.recognised(str(tmp_path), (".npz",))
    assert not source_files.recognised(str(tmp_path / "none"), (".npz",))


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no \.csv file in this folder"):
        source_files.find(str(tmp_path), (".csv",))
    with pytest.raises(DataError, match="no such file"):
        source_files.find(str(tmp_path / "x.csv"), (".csv",))
