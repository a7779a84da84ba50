import pytest

from koopcli import files
from koopcli.errors import ConfigError


def test_the_new_file_appears_only_at_the_end(tmp_path):
    path = tmp_path / "a" / "x.txt"
    with files.replacing(path) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".txt" and not path.exists()
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["x.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_file_is_as_it_was(tmp_path, error):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(error), files.replacing(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_overwriting_needs_permission(tmp_path):
    path = tmp_path / "x.txt"
    files.write_text(path, "1")
    with pytest.raises(ConfigError, match=r"x\.txt: already exists.*--overwrite"):
        files.refuse_overwrite(path, overwrite=False)
    files.refuse_overwrite(path, overwrite=True)


def test_a_tree_is_removed(tmp_path):
    (tmp_path / "run" / "deep").mkdir(parents=True)
    files.remove_tree(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_hash_is_that_of_the_content(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")
