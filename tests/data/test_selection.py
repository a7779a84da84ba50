import numpy as np
import pytest
from good_episode import GOOD

from koopcli.config.data import IngestConfig
from koopcli.data.selection import Selection
from koopcli.data.timeouts import replace
from koopcli.errors import ConfigError, DataError

EPISODES = [replace(GOOD, rewards=np.full(3, float(n))) for n in range(4)]


def reasons(given=EPISODES, **settings):
    selection = Selection(IngestConfig(**settings))
    found = [selection.reason_to_drop(episode) for episode in given]
    selection.check_all_found()
    return found


def test_everything_is_kept_unless_asked():
    assert reasons() == [None] * 4


def test_by_number():
    why = "not among --episodes"
    assert reasons(episodes="0,2:4") == [None, why, None, None]
    with pytest.raises(DataError, match="names episode 7, but there are 4"):
        reasons(episodes="7")
    with pytest.raises(ConfigError, match="--episodes"):
        reasons(episodes="first")


def test_by_return_and_count():
    assert reasons(min_return=3) == ["return below 3", None, None, None]
    assert reasons(max_return=3)[2:] == ["return above 3"] * 2
    assert reasons(min_return=3, max_episodes=2)[1:] == [
        None,
        None,
        "more than 2 episodes",
    ]


def test_returns_need_rewards():
    with pytest.raises(DataError, match="has no rewards"):
        reasons([replace(GOOD, rewards=None)], min_return=0)


def test_episodes_that_ended_by_themselves_are_left_out_on_request():
    ended = replace(GOOD, terminations=np.array([0, 0, 1], bool))
    given = [ended, GOOD, ended, GOOD, GOOD]
    why = "terminated"
    assert reasons(given, drop_terminated=True) == [why, None, why, None, None]
    assert reasons(given, drop_terminated=True, max_episodes=2)[-1] == (
        "more than 2 episodes"
    )
