import fcntl
import subprocess
import sys

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


HOLD = """
import sys, time
from pathlib import Path
from koopcli import files
with files.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """A process that is writing x.txt."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "x.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writing\n"
        yield process
        process.kill()


def test_a_second_writer_is_refused_until_the_first_one_is_dead(tmp_path, writer):
    path = tmp_path / "x.txt"
    with pytest.raises(ConfigError, match=r"x\.txt: another process is writing it"):
        files.write_text(path, "new")
    files.write_text(tmp_path / "y.txt", "another file")
    assert not path.exists()
    writer.kill()  # SIGKILL: nothing is tidied up
    writer.wait()
    files.write_text(path, "new")
    assert path.read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.txt", "y.txt"]


def test_a_file_that_was_renamed_before_it_was_locked_is_left_alone(
    tmp_path, monkeypatch
):
    path = tmp_path / "x.txt"
    lock, opened = fcntl.flock, []

    def late(descriptor, how):
        if not opened:  # the other writer is done just before this one has the lock
            opened.append(descriptor)
            (tmp_path / ".x.tmp.txt").write_text("of the other")
            (tmp_path / ".x.tmp.txt").rename(path)
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with files.replacing(path) as temporary:
        temporary.write_text("mine")
        assert path.read_text() == "of the other"
    assert path.read_text() == "mine"


def test_the_lock_is_off_before_the_file_has_its_name(tmp_path):
    path = tmp_path / "x.txt"
    files.write_text(path, "1")
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_folder_of_results_is_neither_a_file_nor_filled(tmp_path):
    files.refuse_results(tmp_path / "new", ("a.csv",), overwrite=False)
    (tmp_path / "b.csv").touch()
    files.refuse_results(tmp_path, ("a.csv",), overwrite=False)
    files.refuse_results(tmp_path, ("a.csv", "b.csv"), overwrite=True)
    with pytest.raises(ConfigError, match=r"b\.csv: already exists"):
        files.refuse_results(tmp_path, ("a.csv", "b.csv"), overwrite=False)
    with pytest.raises(ConfigError, match="is a file; --output takes a folder"):
        files.refuse_results(tmp_path / "b.csv", (), overwrite=True)
