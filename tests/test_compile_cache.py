import os
import subprocess
import sys

import pytest

from koopcli import compile_cache
from koopcli.compile_cache import FOLDER, VARIABLE

COMMAND = [sys.executable, "-m", "koopcli", "predict", "nowhere", "-o", "x.h5"]


def test_the_default_is_the_users_cache_folder(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    assert compile_cache.turn_on(environ) is None
    folder = tmp_path / "koopcli" / "jax"
    assert environ[FOLDER].startswith(str(folder)) and os.path.isdir(environ[FOLDER])
    assert environ.items() >= compile_cache.OTHERS.items()


def test_a_relative_cache_folder_is_ignored_as_its_specification_says(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = {"XDG_CACHE_HOME": "relative"}
    assert compile_cache.turn_on(environ) is None
    assert environ[FOLDER].startswith(str(tmp_path / ".cache" / "koopcli"))


def test_the_user_chooses_a_folder_or_none(tmp_path):
    environ = {VARIABLE: str(tmp_path / "mine")}
    assert compile_cache.turn_on(environ) is None
    assert environ[FOLDER].startswith(str(tmp_path / "mine"))
    for off in ({VARIABLE: "off"}, {FOLDER: "/own", VARIABLE: str(tmp_path / "no")}):
        before = dict(off)
        assert compile_cache.turn_on(off) is None and off == before
    assert not (tmp_path / "no").exists()


def test_what_the_user_told_jax_stays(tmp_path):
    environ = {
        VARIABLE: str(tmp_path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "3",
    }
    compile_cache.turn_on(environ)
    assert environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] == "3"


def test_where_nothing_can_be_written_it_works_without_and_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    environ = {VARIABLE: str(tmp_path / "file" / "below")}
    problem = compile_cache.turn_on(environ)
    assert problem and "cannot keep compiled programs" in problem
    assert VARIABLE in problem and FOLDER not in environ


def test_a_processor_with_other_instructions_has_another_folder(tmp_path, monkeypatch):
    places = []
    for flags in ("flags : avx2\n", "flags : avx512f\n"):
        information = tmp_path / "cpuinfo"
        information.write_text(f"processor : 0\n{flags}")
        monkeypatch.setattr(compile_cache, "CPU_INFO", information)
        environ = {VARIABLE: str(tmp_path / "cache")}
        compile_cache.turn_on(environ)
        places.append(environ[FOLDER])
    assert places[0] != places[1]


def test_the_oldest_entries_go_when_there_are_too_many(tmp_path):
    for age, name in enumerate(("new", "old", "oldest")):
        path = tmp_path / name
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - age))
    compile_cache.prune(tmp_path, 300)
    assert len(list(tmp_path.iterdir())) == 3
    compile_cache.prune(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


@pytest.mark.parametrize(
    ("value", "said"), [("cache", False), ("file/below", True), ("off", False)]
)
def test_a_command_that_computes_turns_it_on(tmp_path, value, said):
    (tmp_path / "file").write_text("")
    environ = {name: text for name, text in os.environ.items() if name != FOLDER}
    environ[VARIABLE] = value if value == "off" else str(tmp_path / value)
    done = subprocess.run(
        COMMAND, env=environ, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode in (2, 3, 4)
    assert done.stderr.count("cannot keep compiled programs") == said
    assert (tmp_path / "cache").is_dir() == (value == "cache")
