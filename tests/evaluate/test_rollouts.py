import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_world import model_meta, untrained, world

from koopcli.data.windows import starts
from koopcli.evaluate import rollouts


def test_a_window_is_the_start_and_what_followed(dataset):
    chosen = starts(dataset, "test", stride=7)
    window = rollouts.gather(dataset, chosen, 4)
    row = int(chosen.observation_rows[1])
    np.testing.assert_array_equal(window.states[1], dataset.observations[row])
    np.testing.assert_array_equal(
        window.truth[1], dataset.observations[row + 1 : row + 5]
    )
    step = int(chosen.step_rows[1])
    np.testing.assert_array_equal(window.actions[1], dataset.actions[step : step + 4])
    np.testing.assert_array_equal(window.rewards[1], dataset.rewards[step : step + 4])


@settings(max_examples=20)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.booleans())
def test_no_window_crosses_an_episode(lengths, last_known):
    lengths = [length + (not last_known) for length in lengths]
    dataset = world(lengths, last_known=last_known)
    chosen = starts(dataset, "test")
    window = rollouts.gather(dataset, chosen, 5)
    ends = dataset.observation_starts + dataset.lengths + last_known
    for place in range(len(chosen)):
        first = chosen.observation_rows[place]
        known = int(min(5, ends[chosen.episodes[place]] - first - 1))
        assert window.mask[place].tolist() == [True] * known + [False] * (5 - known)
        assert not window.truth[place, known:].any()
        assert not window.actions[place, known:].any()


def test_data_without_rewards_has_none_in_its_windows():
    dataset = world(rewards=False)
    assert rollouts.gather(dataset, starts(dataset, "test"), 2).rewards is None


def test_batches_cover_all_starts_in_order(dataset):
    chosen = starts(dataset, "test")
    parts = list(rollouts.batches(dataset, chosen, 3, 8))
    assert [len(part.states) for part in parts] == [8] * 5 + [5]
    whole = rollouts.gather(dataset, chosen, 3)
    np.testing.assert_array_equal(
        np.concatenate([part.truth for part in parts]), whole.truth
    )


def test_batches_shrink_for_long_horizons_and_few_starts():
    assert rollouts.batch_rows(1024, 100, 5000) == 1024
    assert rollouts.batch_rows(1024, 100, 7) == 7
    assert rollouts.batch_rows(1024, 1000, 5000) == 131
    assert rollouts.batch_rows(1024, 10**7, 5000) == 1


def test_batched_rollouts_are_the_models_own_and_compile_once(dataset, monkeypatch):
    model = untrained(model_meta(dataset))
    rollout = rollouts.rollout_of(model, 4)
    compiled, shapes = rollouts.rollouts, []
    monkeypatch.setattr(
        rollouts, "rollouts", lambda *a: shapes.append(a[1].shape) or compiled(*a)
    )
    for count in (4, 1):
        window = rollouts.gather(
            dataset, starts(dataset, "test").take(np.arange(count)), 6
        )
        predicted = rollout(window.states, window.actions)
        assert predicted.states.shape == (count, 6, 3)
        single = model.rollout(
            jnp.asarray(window.states[0]), jnp.asarray(window.actions[0])
        )
        np.testing.assert_allclose(predicted.states[0], single.states, rtol=1e-4)
        np.testing.assert_allclose(predicted.rewards[0], single.rewards, rtol=1e-4)
    # One shape, one compilation.
    assert set(shapes) == {(4, 3)}


def test_an_autonomous_model_rolls_out():
    dataset = world(actions=0, rewards=False)
    rollout = rollouts.rollout_of(untrained(model_meta(dataset)), 2, reencode_every=2)
    window = rollouts.gather(dataset, starts(dataset, "test").take(np.arange(2)), 5)
    predicted = rollout(window.states, window.actions)
    assert predicted.rewards is None
    assert predicted.states.shape == (2, 5, 3)
