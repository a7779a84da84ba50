import dataclasses

import numpy as np
import pytest
from any_dataset import episodes
from good_episode import GOOD
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.delay_embedding import embed


def test_samples_two_steps_apart_by_hand():
    episode = dataclasses.replace(
        GOOD,
        observations=np.array([[0.0], [1], [2], [3], [4], [5], [6]]),
        actions=np.array([[10.0], [11], [12], [13], [14], [15]]),
        rewards=np.arange(6.0),
        terminations=np.arange(6) == 5,
        truncations=np.zeros(6, bool),
    )
    made = embed(episode, count=3, lag=2)
    # y[t], y[t-2], y[t-4], u[t-2], u[t-4]
    assert made.observations.tolist() == [
        [4, 2, 0, 12, 10],
        [5, 3, 1, 13, 11],
        [6, 4, 2, 14, 12],
    ]
    assert made.actions.tolist() == [[14], [15]]
    assert made.rewards is not None and made.rewards.tolist() == [4, 5]
    assert made.terminations.tolist() == [False, True]


@given(found=episodes(), data=st.data())
def test_every_row_is_the_present_and_its_past(found, data):
    shortest = min(episode.length for episode in found)
    count = data.draw(st.integers(1, shortest))
    lag = data.draw(st.integers(1, max(1, (shortest - 1) // max(1, count - 1))))
    past = (count - 1) * lag
    for episode in found:
        made = embed(episode, count, lag)
        assert made.length == episode.length - past
        assert made.last_observation_known == episode.last_observation_known
        made.check()
        for row, joined in enumerate(made.observations):
            now = row + past
            expected = [*episode.observations[now]]
            for back in range(lag, past + 1, lag):
                expected += [*episode.observations[now - back]]
            for back in range(lag, past + 1, lag):
                expected += [*episode.actions[now - back]]
            assert joined.tolist() == expected
        for name in ("actions", "terminations", "truncations", "rewards"):
            before = getattr(episode, name)
            if before is not None:
                assert np.array_equal(getattr(made, name), before[past:])


@pytest.mark.parametrize("count", [1, 2])
def test_a_complete_episode_stays_complete(count):
    assert embed(GOOD, count).last_observation_known == GOOD.last_observation_known
