import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from koopcli.train import step_weights

ERRORS = hnp.arrays(
    np.float32,
    st.integers(1, 30),
    elements=st.floats(np.float32(1e-4), np.float32(1e4), width=32),
)


def test_who_knows_nothing_has_all_steps_count_alike():
    assert step_weights.weights(step_weights.unknown(4), 1.0).tolist() == [1.0] * 4


def test_weights_by_hand():
    errors = jnp.array([0.1, 0.2, 0.4])
    # 10, 5 and 2.5, of mean 35 / 6.
    found = step_weights.weights(errors, 1.0)
    np.testing.assert_allclose(found, [12 / 7, 6 / 7, 3 / 7], rtol=1e-6)
    np.testing.assert_allclose(step_weights.weights(errors, 0.0), 1.0)


@given(errors=ERRORS, balance=st.floats(0, 2))
def test_weights_are_one_on_average_and_fall_as_errors_grow(errors, balance):
    found = np.asarray(step_weights.weights(jnp.asarray(errors), balance))
    np.testing.assert_allclose(found.mean(), 1, rtol=1e-4)
    order = np.argsort(errors)
    assert np.all(np.diff(found[order]) <= 1e-5 * found[order][:-1])


@given(errors=ERRORS)
def test_in_full_balance_every_step_ahead_adds_the_same_to_the_loss(errors):
    found = step_weights.weights(jnp.asarray(errors), 1.0) * errors
    np.testing.assert_allclose(found, found[0], rtol=1e-4)


def test_an_error_of_zero_is_no_infinite_weight():
    found = step_weights.weights(jnp.array([0.0, 1.0]), 1.0)
    assert np.isfinite(found).all() and found[0] == 2


def test_errors_are_collected_by_steps_ahead():
    rng = np.random.default_rng(0)
    error = jnp.asarray(rng.uniform(size=(3, 2, 4)), jnp.float32)
    # The second window ends after two of five steps; step 3 is looked at twice.
    mask = jnp.asarray(np.arange(5)[:, None] < np.array([5, 2]))
    found = step_weights.measure(error, mask, jnp.array([1, 3, 3]))
    np.testing.assert_array_equal(found.count, [0, 2, 0, 2, 0])
    twice = error[1:, 0].mean(-1).sum()
    expected = [0, error[0].mean(-1).sum(), 0, twice, 0]
    np.testing.assert_allclose(found.total, expected, rtol=1e-6)


def test_a_nan_beyond_the_end_of_an_episode_is_not_collected():
    mask = jnp.array([[True, False]])
    error = jnp.array([[[0.5], [jnp.nan]]])
    found = step_weights.measure(error, mask, jnp.array([0]))
    assert (found.total.item(), found.count.item()) == (0.5, 1)


def test_the_running_mean_by_hand():
    misses = step_weights.Misses(jnp.array([0.6, 0.0]), jnp.array([3.0, 0.0]))
    found = step_weights.follow(jnp.array([1.0, 0.8, 0.7]), misses)
    # 0.9 of 1 and 0.1 of 0.2; the second was not seen, the third is beyond the windows.
    np.testing.assert_allclose(found, [0.92, 0.8, 0.7], rtol=1e-6)
