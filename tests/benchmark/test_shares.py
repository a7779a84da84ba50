import dataclasses

import jax
import jax.numpy as jnp
import pytest

from koopcli.benchmark import shares, workload
from koopcli.benchmark.timing import Timing, Work
from koopcli.benchmark.update import Update
from koopcli.config.benchmark import BenchmarkTrainConfig
from koopcli.config.choices import ModelKind

CONFIG = BenchmarkTrainConfig(
    batch_size=4, observation_dim=3, action_dim=2, params=3000, repeats=1
)
DIMS = workload.dimensions(CONFIG)
SECONDS = {
    "": 10.0, "gather": 9.0, "encoders": 7.0, "unroll": 8.0, "decoder": 9.5,
    "optimiser": 9.5, "host": 25.0,
}  # fmt: skip


class FakeUpdate(Update):
    """Compiles nothing."""

    def __init__(self, settings, model, data, transformation=None):
        self.model, self.data, self.transformation = model, data, transformation

    def work(self, seconds):
        return Work(lambda: None)

    def operations(self):
        return 40.0


@pytest.fixture
def parts(monkeypatch, key):
    monkeypatch.setattr(shares, "Update", FakeUpdate)
    settings = workload.settings(ModelKind.KOOPMAN, 12, CONFIG)
    return settings, DIMS, workload.SyntheticData(DIMS, 12, key=key)


def test_a_share_is_the_time_that_leaving_out_saves(parts, monkeypatch):
    def interleaved(works, repeats):
        assert len(works) == len(SECONDS)
        return [Timing((each,), (each,)) for each in SECONDS.values()]

    monkeypatch.setattr(shares, "interleaved", interleaved)
    found = shares.roofline(*parts, CONFIG, 8.0)
    assert found.pop("share_rest") == pytest.approx(
        1 - 0.1 - 0.3 - 0.2 - 0.05 - 0.05 - 0.1
    )
    assert found == pytest.approx(
        {
            "operations": 40.0,
            "operations_per_second": 4.0,
            "limit": 8.0,
            "fraction": 0.5,
            "share_host": 25 / 25 / 10,  # once in 25 steps
            "share_gather": 0.1,
            "share_encoders": 0.3,
            "share_unroll": 0.2,
            "share_decoder": 0.05,
            "share_optimiser": 0.05,
        }
    )


def test_without_a_part_predictions_keep_their_shape(parts):
    variants = shares.without(*parts)
    assert list(variants) == ["gather", "encoders", "unroll", "decoder", "optimiser"]
    actions = jnp.zeros((12, 4, 2))

    def shapes(model):
        forecast = jax.eval_shape(
            lambda model: model.forecast(actions[0, :, :1] + jnp.zeros((4, 3)), actions,
                                         reencode_every=10), model,
        )  # fmt: skip
        return [leaf.shape for leaf in jax.tree.leaves(forecast)]

    full = shapes(variants["optimiser"].model)
    for update in variants.values():
        assert shapes(update.model) == full


def test_the_fixed_batch_is_a_real_one(parts):
    settings, _, data = parts
    fixed = shares.without(*parts)["gather"].data
    batch = fixed.batch(jax.random.key(0), jnp.int32(0), settings)
    assert batch.states.shape == (13, 4, 3) and batch.rewards.shape == (12, 4)
    assert bool(jnp.isin(batch.states, data.states).all())


def test_without_the_recurrence_latents_are_the_drive(parts, key):
    settings = parts[0]
    model = shares.Timeless(settings.model, DIMS, key=key)
    start, drive = jnp.ones((2, 2)), jnp.arange(12.0).reshape(3, 2, 2)
    found = model.advance_rows(start, drive)
    assert found.tolist() == (drive + 1).tolist()


def test_what_is_free_cuts_or_fills():
    values = jnp.arange(6.0).reshape(2, 3)
    assert shares.Free(2)(values).tolist() == [[0, 1], [3, 4]]
    assert shares.Free(4)(values).tolist() == [[0, 1, 2, 0], [3, 4, 5, 0]]


def test_models_without_those_parts_have_fewer_shares(parts):
    config = dataclasses.replace(CONFIG, params=500)
    settings = workload.settings(ModelKind.MLP, 12, config)
    assert list(shares.without(settings, *parts[1:])) == ["gather", "optimiser"]
