"""The program in a process of its own, as a shell starts it."""

import signal
import subprocess
import sys

import pytest

from koopcli import __version__

# Runs `main` with one verb replaced, so that what the verb does can be chosen.
PROGRAM = """
import signal, sys
import koopcli.cli.ingest, koopcli.data.ingest
signal.signal(signal.SIGINT, signal.default_int_handler)
def verb(*_, **__):
    {body}
koopcli.data.ingest.ingest = verb
sys.argv = ["koopcli", "ingest", "x", "-o", "y.h5"]
from koopcli.cli.app import main
main()
"""


def shell(body, tmp_path):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )


def test_the_module_is_the_program():
    done = subprocess.run(
        [sys.executable, "-m", "koopcli", "--version"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"koopcli {__version__}\n")


def test_a_bug_shows_its_traceback_and_then_asks_for_a_report(tmp_path):
    done = shell('raise ZeroDivisionError("planted")', tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert "ZeroDivisionError: planted" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"error: this is a bug in koopcli {__version__}; please")


def test_a_users_mistake_is_no_bug(tmp_path):
    body = "from koopcli.errors import DataError; raise DataError('x: empty')"
    done = shell(body, tmp_path)
    assert (done.returncode, done.stderr) == (3, "error: x: empty\n")


def test_ctrl_c_is_one_line_and_130(tmp_path):
    done = shell("signal.raise_signal(signal.SIGINT)", tmp_path)
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
    assert 128 + signal.SIGINT == 130


def test_a_reader_who_leaves_is_nobodys_error(tmp_path):
    program = [sys.executable, "-m", "koopcli", "train", "--print-config"]
    running = subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path
    )
    running.stdout.close()
    complaints = running.stderr.read()
    running.stderr.close()
    running.wait()
    assert complaints == b""


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_shell_completion_is_there(name, monkeypatch):
    monkeypatch.setenv("_KOOPCLI_COMPLETE", f"source_{name}")
    program = "from koopcli.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0 and "_KOOPCLI_COMPLETE" in done.stdout, done.stderr
