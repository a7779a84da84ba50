import json

import pytest

from koopcli.data.export_notes import Notes, parse

NOTES = Notes(observation_names=("x", "y"), action_names=("u",), dt=0.1, rewards=False)


def test_notes_survive():
    assert parse(NOTES.as_json()) == NOTES
    assert parse(json.dumps(NOTES.as_json())) == NOTES


@pytest.mark.parametrize(
    "found",
    [
        None,
        3,
        "{",
        [],
        {"dt": -1, "observation_names": [1]},
        {"dt": True, "rewards": 0},
    ],
)
def test_damaged_notes_say_nothing(found):
    assert parse(found) == Notes()


def test_names_are_taken_where_they_fit():
    assert NOTES.observations(("a", "b")) == ("x", "y")
    assert NOTES.observations(("a",)) == ("a",)
    assert NOTES.actions(("a",)) == ("u",) and Notes().actions(("a",)) == ("a",)
