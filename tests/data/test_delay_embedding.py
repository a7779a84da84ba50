import numpy as np
import pytest
from any_dataset import episodes
from hypothesis import given
from hypothesis import strategies as st

from koopcli.data.delay_embedding import embed, names


@given(found=episodes(), data=st.data())
def test_every_row_is_the_present_and_its_past(found, data):
    shortest = min(episode.length for episode in found)
    count = data.draw(st.integers(1, shortest))
    for episode in found:
        made = embed(episode, count)
        assert made.length == episode.length - count + 1
        assert made.last_observation_known == episode.last_observation_known
        made.check()
        for row, joined in enumerate(made.observations):
            now = row + count - 1
            past = episode.observations[row : now + 1][::-1].reshape(-1)
            inputs = episode.actions[row:now][::-1].reshape(-1)
            assert joined.tolist() == [*past, *inputs]
        for name in ("actions", "terminations", "truncations", "rewards"):
            before = getattr(episode, name)
            if before is not None:
                assert np.array_equal(getattr(made, name), before[count - 1 :])


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ("y", "z")),
        (3, ("y", "z", "y[t-1]", "z[t-1]", "y[t-2]", "z[t-2]", "u[t-1]", "u[t-2]")),
    ],
)
def test_the_present_keeps_its_names(count, expected):
    assert names(("y", "z"), ("u",), count) == expected
