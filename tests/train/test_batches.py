import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from memory_dataset import memory_dataset

from koopcli.data.windows import starts
from koopcli.train.batches import Batch, DeviceData, gather, sample


def test_gathered_windows_equal_slices_of_the_dataset():
    dataset = memory_dataset()
    chosen = starts(dataset, "train")
    data = DeviceData(dataset, chosen)
    batch = gather(data, jnp.arange(len(chosen)), horizon=5)
    statistics = dataset.statistics.observations
    for index in range(len(chosen)):
        known = min(5, int(chosen.remaining[index]))
        row, step = chosen.observation_rows[index], chosen.step_rows[index]
        raw = dataset.observations[row : row + known + 1]
        expected = (raw - statistics.mean) / statistics.scale
        assert np.allclose(batch.states[: known + 1, index], expected, atol=1e-5)
        assert not batch.states[known + 1 :, index].any()
        actions = dataset.actions[step : step + known]
        restored = (
            np.asarray(batch.actions[:known, index]) * dataset.statistics.actions.scale
            + dataset.statistics.actions.mean
        )
        assert np.allclose(restored, actions, atol=1e-5)
        assert not batch.actions[known:, index].any()
        assert not batch.rewards[known:, index].any()
        assert batch.mask[:, index].tolist() == [k < known for k in range(5)]


def test_nan_in_the_padding_reaches_nothing():
    dataset = memory_dataset((3, 3, 3, 3))
    poisoned = dataset.observations.copy()
    poisoned[8:] = np.nan  # the episodes of the other splits
    dataset = dataclasses.replace(dataset, observations=poisoned)
    data = DeviceData(dataset, starts(dataset, "train"))
    batch = gather(data, jnp.arange(6), horizon=10)
    assert jnp.isfinite(batch.states).all()


def test_a_batch_is_a_function_of_its_key():
    dataset = memory_dataset()
    data = DeviceData(dataset, starts(dataset, "train"))
    draw = lambda seed: sample(data, jax.random.key(seed), batch_size=8, horizon=3)  # noqa: E731
    assert jnp.array_equal(draw(1).states, draw(1).states)
    assert not jnp.array_equal(draw(1).states, draw(2).states)


def test_every_start_is_drawn():
    dataset = memory_dataset()
    chosen = starts(dataset, "train")
    data = DeviceData(dataset, chosen)
    batch = sample(data, jax.random.key(0), batch_size=400, horizon=1)
    seen = np.unique(np.asarray(batch.states[0, :, 0]))
    assert len(seen) == len(chosen)


def test_autonomous_data_without_rewards():
    dataset = memory_dataset(rewards=False, action=0)
    data = DeviceData(dataset, starts(dataset, "train"))
    batch = gather(data, jnp.arange(2), horizon=4)
    assert batch.rewards is None and batch.actions.shape == (4, 2, 0)


def test_only_what_some_windows_see_may_be_held():
    dataset = memory_dataset(known=(True, False, True, True))
    chosen = starts(dataset, "train").take(np.array([8, 0, 5]))
    whole, part = DeviceData(dataset, chosen), DeviceData(dataset, chosen, 4)
    assert part.states.shape == (3 * 5, 2) and part.actions.shape == (3 * 4, 1)
    batches = [gather(data, jnp.arange(3), horizon=4) for data in (whole, part)]
    pairs = zip(*map(jax.tree.leaves, batches), strict=True)
    assert all((a == b).all() for a, b in pairs)


def made_up(lengths, **part):
    mask = np.arange(3)[:, None] < np.array(lengths)
    count = len(lengths)
    return Batch(
        jnp.zeros((4, count, 1)),
        jnp.zeros((3, count, 1)),
        None,
        mask=jnp.asarray(mask),
        **part,
    )


def test_means_by_hand():
    # Steps 0 and 2 of windows that last 3, 1 and 0 steps: 10, 20 and 40 exist.
    batch = made_up([3, 1, 0])
    values = jnp.array([[10.0, 20, jnp.nan], [40.0, jnp.nan, jnp.nan]])[..., None]
    steps = jnp.array([0, 2])
    assert batch.mean(values, steps) == (10 + 20 + 40) / 3
    assert batch.mean(values[:1], steps[:1]) == 15
    assert made_up([0]).mean(values[:, :1], steps) == 0
    both = jnp.concatenate([values, values + 1], -1)
    assert jnp.isclose(batch.mean(both, steps), (10 + 20 + 40) / 3 + 0.5)


def test_the_means_of_parts_add_up():
    whole = made_up([3, 1, 0])
    few = made_up([3], everyone=whole.mask), made_up([1], everyone=whole.mask)
    values, steps = (
        jnp.array([[10.0, 20], [40.0, jnp.nan]])[..., None],
        jnp.array([0, 2]),
    )
    found = [few[i].mean(values[:, i : i + 1], steps) for i in range(2)]
    assert jnp.allclose(jnp.stack(found), jnp.array([50 / 3, 20 / 3]))
    assert [each.parts for each in (whole, *few)] == [1, 3, 3]
