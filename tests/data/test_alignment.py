import numpy as np
import pytest

from koopcli.config.choices import ActionAlign
from koopcli.data.alignment import LEFT_OUT_ACTION, Rows, episode, without_action
from koopcli.data.remarks import Remarks

LEAD, LAG = ActionAlign.LEAD, ActionAlign.LAG


def aligned(align, actions, *, terminal=(0, 0, 0), following=None, rewards=(1, 2, 3)):
    remarks = Remarks()
    rows = Rows(
        observations=np.array([[10.0], [20.0], [30.0]]),
        actions=np.array(actions, float).reshape(3, -1),
        rewards=np.array(rewards, float),
        terminal=np.array(terminal, bool),
        timeout=np.zeros(3, bool),
        following=following,
    )
    found = episode(rows, align, "x", remarks)
    found.check()
    return found, [*remarks.lines(), *map(str, remarks.dropped.items())]


def test_lead_keeps_the_last_action_whose_result_is_unknown():
    found, remarks = aligned(LEAD, [1, 2, 3], terminal=(0, 0, 1))
    assert found.actions.T.tolist() == [[1, 2, 3]] and not found.last_observation_known
    assert found.terminations.tolist() == [False, False, True]
    assert not found.truncations.any() and remarks == []


@pytest.mark.parametrize("align", [LEAD, LAG])
def test_one_action_less_than_observations(align):
    found, remarks = aligned(align, [1, 2, np.nan], rewards=(1, 2, np.nan))
    assert found.actions.T.tolist() == [[1, 2]] and found.last_observation_known
    assert found.rewards.tolist() == [1, 2] and remarks == []


def test_lag_leaves_out_the_action_before_the_first_observation_and_says_so():
    found, remarks = aligned(LAG, [1, 2, 3], terminal=(0, 0, 1))
    assert found.actions.T.tolist() == [[2, 3]] and found.rewards.tolist() == [2, 3]
    assert found.observations.T.tolist() == [[10, 20, 30]]
    assert found.terminations.tolist() == [False, True]
    assert "1 rewards of a row without a step" in remarks[0]
    assert remarks[1] == f"({LEFT_OUT_ACTION!r}, 1)"


def test_lag_without_a_first_action_leaves_nothing_out():
    _, remarks = aligned(LAG, [np.nan, 2, 3], rewards=(np.nan, 2, 3))
    assert remarks == []


def test_an_end_marked_beside_the_last_observation_belongs_to_the_last_step():
    for terminal in [(0, 1, 0), (0, 0, 1)]:
        found, _ = aligned(LEAD, [1, 2, np.nan], terminal=terminal)
        assert found.terminations.tolist() == [False, True]


def test_autonomous_rows_are_points_and_their_gaps_are_steps():
    for align, rewards in ((LEAD, [1, 2]), (LAG, [2, 3])):
        found, _ = aligned(align, np.zeros((3, 0)))
        assert found.length == 2 and found.last_observation_known
        assert found.rewards.tolist() == rewards


def test_a_known_next_observation_completes_the_episode():
    following = np.array([[20.0], [30.0], [40.0]])
    found, _ = aligned(LEAD, [1, 2, 3], following=following)
    assert found.observations.T.tolist() == [[10, 20, 30, 40]]


def test_partly_missing_actions_are_no_missing_action():
    actions = np.array([[np.nan, 1.0], [np.nan, np.nan]])
    assert without_action(actions).tolist() == [False, True]
