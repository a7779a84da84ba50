import numpy as np
from good_episode import GOOD

from koopcli.data import timeouts


def test_equal_lengths_of_all_episodes_give_the_limit_away():
    assert timeouts.shared_limit([(5, True), (5, True)]) == 5
    assert timeouts.shared_limit([(5, True), (4, True)]) is None
    assert timeouts.shared_limit([(5, True), (5, False)]) is None
    assert timeouts.shared_limit([(5, True)]) is None


def test_a_termination_at_the_limit_becomes_a_truncation():
    ended = timeouts.replace(GOOD, terminations=np.array([False, False, True]))
    assert timeouts.is_mistaken(ended, 3)
    assert not timeouts.is_mistaken(ended, None)
    assert not timeouts.is_mistaken(ended, 4)
    assert not timeouts.is_mistaken(GOOD, 3)
    found = timeouts.corrected(ended)
    assert not found.terminations.any()
    assert found.truncations.tolist() == [False, False, True]
    assert not ended.truncations.any()
