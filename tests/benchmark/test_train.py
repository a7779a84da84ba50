import dataclasses

import jax
import pytest

from koopcli.benchmark import train
from koopcli.benchmark.timing import Work
from koopcli.benchmark.update import Update
from koopcli.config.benchmark import BenchmarkTrainConfig
from koopcli.config.choices import ModelKind

CONFIG = BenchmarkTrainConfig(
    models=(ModelKind.MLP, ModelKind.GRU),
    horizons=(2, 3),
    batch_size=2,
    observation_dim=2,
    action_dim=1,
    params=500,
    repeats=2,
)


class FakeUpdate(Update):
    """Compiles nothing."""

    compile_seconds = 1.5
    needed: int | None = 100

    def __init__(self, settings, model, data):
        self.settings = settings

    def bytes(self):
        return self.needed

    def work(self, seconds):
        return Work(lambda: None, 2)


@pytest.fixture
def update(monkeypatch):
    monkeypatch.setattr(train, "Update", FakeUpdate)
    monkeypatch.setattr(FakeUpdate, "needed", 100)
    return FakeUpdate


def test_every_model_is_measured_at_every_horizon(update):
    said = []
    results = train.measure(CONFIG, said.append)
    assert [(each.model, each.horizon) for each in results] == [
        ("mlp", 2), ("gru", 2), ("mlp", 3), ("gru", 3),
    ]  # fmt: skip
    for each in results:
        assert (each.batch_size, each.peak_bytes, each.peak_source) == (2, 100, "xla")
        assert each.iterations_per_second > 0 and each.compile_seconds == 1.5
        assert each.slowest <= each.iterations_per_second <= each.fastest
    assert results[1].ratio_to_gru == 1.0 and results[0].ratio_to_gru > 0
    assert said[0] == "mlp, horizon 2: compiled in 1.5 s" and "round 2 of 2" in said


def test_what_does_not_fit_is_left_out_and_said(update, monkeypatch):
    monkeypatch.setattr(update, "needed", 10**18)
    said = []
    results = train.measure(CONFIG, said.append)
    assert all(each.iterations_per_second is None for each in results)
    assert all(each.ratio_to_gru is None for each in results)
    assert "left out, needs 1000000000.0 GB of memory" in said[0]


def test_memory_that_ends_while_running_is_left_out_too(update, monkeypatch):
    def work(self, seconds):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: planted")

    monkeypatch.setattr(update, "work", work)
    assert {each.note for each in train.measure(CONFIG)} == {"does not fit into memory"}


def test_any_other_fault_of_the_device_is_not_hidden(update, monkeypatch):
    def work(self, seconds):
        raise jax.errors.JaxRuntimeError("INTERNAL: planted")

    monkeypatch.setattr(update, "work", work)
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL: planted"):
        train.measure(CONFIG)


def test_ratios_are_to_the_gru_of_the_same_horizon():
    def result(model, horizon, rate):
        return train.TrainResult(
            model=model,
            horizon=horizon,
            batch_size=1,
            unroll=None,
            iterations_per_second=rate,
        )

    results = [result("mlp", 5, 6.0), result("gru", 5, 2.0), result("mlp", 9, 1.0)]
    ratios = [each.ratio_to_gru for each in train.with_ratios(results)]
    assert ratios == [3.0, 1.0, None]


def test_the_roofline_is_added_where_a_model_ran(update, monkeypatch):
    monkeypatch.setattr(train.machine, "matmul_rate", lambda: 7.0)
    monkeypatch.setattr(
        train.shares,
        "roofline",
        lambda settings, dims, data, config, limit: {"fraction": 0.25, "limit": limit},
    )
    said = []
    config = dataclasses.replace(CONFIG, roofline=True, horizons=(2,))
    results = train.measure(config, said.append)
    assert results[0].roofline == {"fraction": 0.25, "limit": 7.0}
    assert "mlp, horizon 2: 25.0% of the limit" in said
    monkeypatch.setattr(update, "needed", 10**18)
    assert train.measure(config)[0].roofline is None
