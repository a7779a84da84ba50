import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koopcli.model import readout


@settings(max_examples=40)
@given(
    time=st.integers(1, 40),
    every=st.integers(1, 50),
    fraction=st.floats(0.01, 1.0),
    seed=st.integers(0, 9),
)
def test_steps_are_distinct_sorted_inside_and_never_the_end_of_a_block(
    time, every, fraction, seed
):
    every = min(every, time)
    near, far = (
        part.tolist()
        for part in readout.draw(jax.random.key(seed), time, every, fraction)
    )
    assert near == sorted(set(near)) and far == sorted(set(far))
    inner = [k for k in range(time) if every == time or (k + 1) % every]
    assert set(near) <= {k for k in inner if k < every}
    assert set(far) <= {k for k in inner if k >= every}
    # At least one of each where there are any, and the asked share.
    assert bool(near) == any(k < every for k in inner)
    assert bool(far) == any(k >= every for k in inner)
    if fraction == 1:
        assert near + far == inner


def test_every_step_is_drawn_as_often_as_the_next():
    draw = jax.jit(jax.vmap(lambda key: readout.draw(key, 12, 4, 0.25)))
    near, far = draw(jax.random.split(jax.random.key(0), 4000))
    seen = np.bincount(np.asarray(near).ravel(), minlength=4)
    np.testing.assert_allclose(seen / 4000, [1 / 3, 1 / 3, 1 / 3, 0], atol=0.03)
    seen = np.bincount(np.asarray(far).ravel(), minlength=12)[4:]
    expected = [1 / 2, 1 / 2, 1 / 2, 0] * 2
    np.testing.assert_allclose(seen / 4000, expected, atol=0.03)


def test_one_block_has_no_end_and_nothing_after_it():
    near, far = readout.draw(jax.random.key(0), 5, 5, 1.0)
    assert near.tolist() == [0, 1, 2, 3, 4] and far.tolist() == []


@pytest.mark.parametrize("every", [1, 3])
def test_blocks_of_one_step_have_nothing_between_their_ends(every):
    near, far = readout.draw(jax.random.key(0), 6, every, 0.01)
    assert (len(near), len(far)) == ((0, 0) if every == 1 else (1, 1))
