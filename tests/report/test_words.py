import pytest

from koopcli.evaluate.sections import Section
from koopcli.report import words


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (None, "-"), ("", "-"), (True, "yes"), (False, "no"), (0.25, "0.25"),
        (float("nan"), "-"), (7, "7"), ((1, 2), "1, 2"), ((), "-"),
        ({"a": 1, "b": None}, "a: 1, b: -"), ("text", "text"),
    ],
)  # fmt: skip
def test_values_are_written_for_people(found, text):
    assert words.value(found) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (383.0, "6 min 23 s"), (7500.0, "2 h 5 min")],
)
def test_durations(seconds, text):
    assert words.duration(seconds) == text


def test_one_step_is_singular():
    assert [words.steps(1), words.steps(2)] == ["1 step", "2 steps"]


def test_hashes_are_shortened():
    assert words.short_hash("0123456789abcdef") == "0123456789ab"
    assert words.short_hash("") == "-"


def test_runs_stand_side_by_side_and_gaps_are_dashes():
    table = words.side_by_side("t", ["a", "b"], [{"x": "1"}, {"x": "2", "y": "3"}])
    assert table.columns == ("what", "a", "b")
    assert table.rows == [["x", "1", "2"], ["y", "-", "3"]]
    assert not table.sortable


def test_whole_cells_get_short_names():
    cells = Section("t", ("model", "x"), [["gru (runs/a)", "gru (runs/a) 1"]])
    table = words.table(cells, {"gru (runs/a)": "a"})
    assert table.rows == [["a", "gru (runs/a) 1"]]
    assert table.sortable
    assert not words.table(Section("t", ("what", "value"), [["a", "b"]])).sortable
