import pytest

from koopcli import distributed
from koopcli.cli import session
from koopcli.cli.session import How
from koopcli.config.choices import Device
from koopcli.config.processes import Processes
from koopcli.config.training import RunConfig

ALONE = How(Device.CPU, None, (), False, False)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((False, None, None, None), None),
        ((True, None, None, None), Processes()),
        (
            (False, "node1:5000", 2, 1),
            Processes(coordinator="node1:5000", num_processes=2, process_id=1),
        ),
    ],
)
def test_an_address_implies_that_there_are_several_processes(flags, expected):
    assert session.given(*flags) == expected


def test_a_run_of_one_process_is_spoken_of_on_stderr(tmp_path, capsys):
    with session.started(tmp_path, RunConfig(), ALONE) as (_, tell):
        tell("hello")
    assert capsys.readouterr() == ("", f"training on cpu, into {tmp_path}\nhello\n")


def test_of_several_processes_only_the_first_speaks(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(distributed, "primary", lambda: False)
    with session.started(tmp_path, RunConfig(), ALONE) as (report, tell):
        report(None)
        tell("hello")
    assert capsys.readouterr() == ("", "")
