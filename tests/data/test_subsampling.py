import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.episode import Episode
from koopcli.data.subsampling import subsample


def counted(steps, known, *, ended=True):
    last = np.arange(steps) == steps - 1
    return Episode(
        observations=np.arange(steps + known, dtype=float)[:, None],
        actions=np.arange(steps, dtype=float)[:, None],
        rewards=np.ones(steps),
        terminations=last & ended,
        truncations=last & (not ended),
        source="x",
    )


@given(st.integers(1, 20), st.integers(1, 6), st.booleans())
def test_nothing_is_lost_but_the_counted_rest(steps, every, known):
    found, rest = subsample(counted(steps, known), every)
    found.check()
    assert found.length * every + rest == steps and rest < every
    assert found.observations[:, 0].tolist() == [
        every * i for i in range(len(found.observations))
    ]
    assert np.array_equal(found.actions[:, 0], found.observations[: found.length, 0])
    assert (found.rewards == every).all()
    if found.length:
        assert found.last_observation_known == (known or rest > 0)
        assert found.terminations[-1] == (rest == 0)
        assert found.truncations[-1] == (rest > 0)


def test_every_observation_is_every_observation():
    episode = counted(5, True)
    found, rest = subsample(episode, 1)
    assert rest == 0 and np.array_equal(found.observations, episode.observations)
