from dataclasses import replace

import numpy as np
import pytest
from doctor_data import everywhere, good_episodes, view

from koopcli.doctor import columns


def second(values):
    """The good episodes with other values in the second column."""

    def change(episode):
        states = episode.observations.copy()
        states[:, 1] = values(states)
        return replace(episode, observations=states)

    return everywhere(change)


@pytest.mark.parametrize(
    "check", [columns.constant, columns.offset, columns.duplicated]
)
def test_good_data(check):
    assert check(view()) == []
    assert check(view(good_episodes(2, steps=4))) == []


def test_a_constant_column():
    [found] = columns.constant(second(lambda states: 3.0))
    assert found.severity == "warning" and found.check == "constant"
    assert "'speed' is always 3" in found.what and found.places[0].column == "speed"


def test_a_column_that_hardly_changes():
    first = good_episodes()[0].observations[0, 0]
    hardly = second(lambda states: 1.0 * (states[:, 0] == first))
    [found] = columns.constant(hardly)
    assert found.severity == "remark" and found.check == "near-constant"
    assert found.places[0].column == "speed"


def test_a_large_offset():
    [found] = columns.offset(second(lambda states: 1e6 + states[:, 1]))
    assert found.severity == "warning" and found.places[0].column == "speed"
    assert "float32" in found.advice


def test_a_duplicated_column():
    [found] = columns.duplicated(second(lambda states: states[:, 0]))
    assert found.severity == "warning" and found.places[0].column == "speed"
    assert "equals 'position'" in found.what


def test_the_same_quantity_in_other_units():
    [found] = columns.duplicated(second(lambda states: 57.3 * states[:, 0] + 1))
    assert found.severity == "remark" and "multiple" in found.what


def test_an_action_that_is_also_observed():
    def change(episode):
        states = episode.observations.copy()
        states[:-1, 1] = episode.actions[:, 0]
        return replace(episode, observations=states)

    [found] = columns.duplicated(everywhere(change))
    assert found.places[0].column == "force" and "equals 'speed'" in found.what


def test_constant_columns_are_no_duplicates():
    def change(episode):
        return replace(episode, observations=np.ones_like(episode.observations))

    assert columns.duplicated(everywhere(change)) == []
