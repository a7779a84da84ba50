import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from koopcli.model import readout


@pytest.mark.parametrize(
    ("time", "every", "fraction", "blocks", "number"),
    [
        (100, 5, 0.1, 2, 10),
        (100, 10, 0.1, 1, 10),
        (100, 50, 0.1, 1, 2),
        (23, 5, 0.1, 2, 2),
        (7, 5, 0.1, 1, 1),
        (100, 1, 0.1, 4, 25),
        (100, 5, 1.0, 1, 20),
    ],
)
def test_a_group_has_as_many_blocks_as_one_step_of_it_is_the_share(
    time, every, fraction, blocks, number
):
    assert readout.groups(time, every, fraction) == (blocks, number)


@settings(max_examples=40, deadline=None)
@given(
    time=st.integers(2, 40),
    every=st.integers(1, 39),
    fraction=st.floats(0.01, 1.0),
    seed=st.integers(0, 9),
)
def test_steps_are_distinct_sorted_inside_and_never_the_end_of_a_block(
    time, every, fraction, seed
):
    every = min(every, time - 1)
    shape = readout.groups(time, every, fraction)
    assert shape.blocks * shape.number * every <= time
    drawn = readout.draw(jax.random.key(seed), shape, every, fraction)
    assert drawn.shape[0] == shape.number
    assert drawn.shape[1] == 0 if every == 1 else drawn.shape[1] > 0
    for group, steps in enumerate(drawn.tolist()):
        assert steps == sorted(set(steps))
        end = every if group == 0 else shape.blocks * every
        assert all(0 <= k < end and (k + 1) % every for k in steps)
    if fraction == 1:
        assert drawn.tolist() == [list(range(every - 1))] * shape.number


def test_every_step_is_drawn_as_often_as_the_next():
    shape = readout.groups(12, 3, 0.2)
    assert shape == (2, 2)
    draw = jax.jit(jax.vmap(lambda key: readout.draw(key, shape, 3, 0.2)))
    drawn = np.asarray(draw(jax.random.split(jax.random.key(0), 4000)))
    near = np.bincount(drawn[:, 0].ravel(), minlength=6) / 4000
    np.testing.assert_allclose(near, [1 / 2, 1 / 2, 0, 0, 0, 0], atol=0.03)
    far = np.bincount(drawn[:, 1].ravel(), minlength=6) / 4000
    np.testing.assert_allclose(far, [1 / 4, 1 / 4, 0] * 2, atol=0.03)


def test_some_steps_are_drawn_without_putting_back():
    found = readout.some(jax.random.key(0), np.array([2, 3, 5, 7]), 3).tolist()
    assert found == sorted(set(found)) and set(found) < {2, 3, 5, 7}
    assert readout.some(jax.random.key(0), np.arange(0), 0).tolist() == []
