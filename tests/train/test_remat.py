from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli import device
from koopcli.config.choices import ModelKind, Remat
from koopcli.config.model import ModelConfig
from koopcli.config.training import LossConfig, TrainConfig
from koopcli.model import sizes
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.train import loss, optimizer, remat
from koopcli.train.batches import Batch

WINDOWS, HORIZON = 8, 12
AUTO = TrainConfig(horizon=remat.FEW, batch_size=WINDOWS)


def make_batch(horizon=HORIZON):
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, horizon + 1, WINDOWS)
    mask = np.arange(horizon)[:, None] < lengths
    shapes = [
        (horizon + 1, WINDOWS, 3),
        (horizon, WINDOWS, 2),
        (horizon, WINDOWS),
    ]
    arrays = [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]
    return Batch(*arrays, mask=jnp.asarray(mask))


def parts(kind, key, **settings):
    config = ModelConfig(kind=kind, params=3000, **{"reencode_every": 4} | settings)
    dims = Dimensions(3, 2, True)
    model = build(sizes.resolve(config, dims), dims, key=key)
    return eqx.partition(model, optimizer.trainable(model))


def objective(parameters, batch, frozen, key):
    model = eqx.combine(parameters, frozen)
    config = LossConfig(decode_fraction=0.5)
    errors = jnp.linspace(0.1, 1, len(batch.mask))
    return loss.total(model, batch, config, key=key, errors=errors)


def gradient(slices):
    """`jax.value_and_grad` of the objective, over so many slices."""
    of_part = jax.value_and_grad(objective, has_aux=True)
    return jax.jit(
        lambda parameters, batch, *rest: remat.accumulate(
            lambda part: of_part(parameters, part, *rest), batch, slices
        )
    )


def assert_same(expected, found):
    (whole, (terms, misses)), gradients = expected
    (same, (same_terms, same_misses)), same_gradients = found
    assert np.allclose(misses.total, same_misses.total, rtol=1e-5)
    assert np.array_equal(misses.count, same_misses.count)
    assert np.isclose(whole, same, rtol=1e-5)
    for name, term in terms.items():
        assert np.isclose(term, same_terms[name], rtol=1e-5), name
    leaves = jax.tree.leaves(gradients), jax.tree.leaves(same_gradients)
    for left, right in zip(*leaves, strict=True):
        scale = np.abs(left).max() + 1e-6
        assert np.allclose(left / scale, right / scale, atol=2e-5)


KINDS = [ModelKind.KOOPMAN, ModelKind.GRU, ModelKind.DSSM, ModelKind.KFC]


@pytest.mark.parametrize("kind", KINDS)
def test_slices_change_neither_loss_nor_gradient(kind, key):
    parameters, frozen = parts(kind, key)
    arguments = parameters, make_batch(), frozen, key
    assert_same(gradient(1)(*arguments), gradient(4)(*arguments))


def test_slices_take_less_memory(key):
    parameters, frozen = parts(ModelKind.KOOPMAN, key)
    batch = make_batch(horizon=400)

    def needed(slices):
        compiled = gradient(slices).lower(parameters, batch, frozen, key).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert needed(8) < 0.5 * needed(1)


def test_what_a_gradient_keeps_is_counted_by_hand():
    # tanh keeps its own output; the factors of the product are both kept.
    def twice(x, y):
        return jnp.sum(jnp.tanh(x) * y), {}

    found = remat.kept(twice, jnp.zeros(100), jnp.zeros(100))
    assert 2 * 400 <= found <= 4 * 400


def never_called(_):
    raise AssertionError("counted")


def test_always_and_never_do_not_count():
    always, never = [
        replace(AUTO, remat=choice) for choice in (Remat.ALWAYS, Remat.NEVER)
    ]
    assert remat.slices(always, 12, never_called, jnp.zeros(3)) == 12
    assert remat.slices(always, 7, never_called, jnp.zeros(3)) == 7
    assert remat.slices(always, 64, never_called, jnp.zeros(3)) == remat.SLICES
    assert remat.slices(never, 64, never_called, jnp.zeros(3)) == 1


def test_few_points_are_not_counted():
    few = replace(AUTO, horizon=remat.FEW // WINDOWS - 1)
    assert remat.slices(few, WINDOWS, never_called, jnp.zeros(3)) == 1


@pytest.mark.parametrize(
    ("memory", "expected"),
    [(10**6, 1), (8000, 1), (7000, 2), (3000, 3), (1000, 12), (10, 12)],
)
def test_auto_takes_the_fewest_slices_that_fit(monkeypatch, memory, expected):
    monkeypatch.setattr(device, "memory", lambda: memory)
    monkeypatch.setattr(remat, "kept", lambda *_: 4000)
    assert remat.slices(AUTO, 12, never_called, jnp.zeros(3)) == expected
