import shlex
import sys

from koopcli.cli.command_line import command_line


def test_the_recorded_line_would_start_the_same_program_again(monkeypatch):
    words = ["/usr/bin/koopcli", "ingest", "my data.hdf5", "-o", "d.h5"]
    monkeypatch.setattr(sys, "argv", words)
    assert command_line() == "koopcli ingest 'my data.hdf5' -o d.h5"
    assert shlex.split(command_line())[1:] == words[1:]


def test_a_module_is_started_as_one(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/site-packages/koopcli/__main__.py", "env"])
    assert command_line() == "python -m koopcli env"
