import io
import sys

from koopcli.cli import progress
from koopcli.train.report import StepReport


def record(step, validation=None):
    return StepReport(
        step=step,
        steps=100,
        seconds=1.0,
        steps_per_second=12.0,
        eta_seconds=7.0,
        losses={"loss": 0.5},
        validation=validation,
    )


ERRORS = {"nrmse": 0.25, "nrmse_1": 0.125, "nrmse_last": 0.5}


def test_without_a_terminal_a_line_now_and_then(capsys):
    with progress.reporter() as show:
        for step in (1, 2, 3):
            show(record(step))
        show(record(4, ERRORS))
        show(record(100))
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and len(lines) == 3
    assert lines[0].startswith("step 1/100  12.0 step/s  loss 0.5  7 s left")
    assert "validation NRMSE 0.25 (1 step 0.125" in lines[1]


def test_on_a_terminal_a_live_line(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.reporter() as show:
        show(record(100, ERRORS))
    assert "100/100" in screen.getvalue()


def test_counts_say_nothing_at_first_and_a_line_now_and_then(capsys, monkeypatch):
    clock = iter([0.0, 5.0, 11.0, 11.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.counter("starts") as show:
        for done in (10, 20, 30):
            show(done, 40)
    out, err = capsys.readouterr()
    assert out == "" and err == "20 of 40 starts\n"


def test_counts_are_a_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.counter("rollouts") as show:
        show(20, 40)
    assert "rollouts" in screen.getvalue() and "50%" in screen.getvalue()
