import jax
import pytest

from koopcli.benchmark import predict
from koopcli.config.benchmark import BenchmarkPredictConfig
from koopcli.config.choices import ModelKind

CONFIG = BenchmarkPredictConfig(
    models=(ModelKind.MLP, ModelKind.GRU),
    horizons=(3, 1),
    batch_sizes=(2, 1),
    observation_dim=2,
    action_dim=1,
    params=500,
    repeats=2,
)


@pytest.fixture
def rollout(monkeypatch):
    """No model computes; the sizes of the calls are kept."""
    calls = []

    def rollout_of(model, size):
        return lambda states, actions: calls.append((states.shape, actions.shape))

    monkeypatch.setattr(predict, "rollout_of", rollout_of)
    return calls


def test_single_rollouts_come_first_and_nothing_is_measured_twice(rollout):
    said = []
    results = predict.measure(CONFIG, said.append)
    sizes = [(1, 1), (100, 1), (3, 2), (3, 1), (1, 2)]
    assert [(each.horizon, each.batch_size) for each in results[::2]] == sizes
    assert [each.model for each in results[:2]] == ["mlp", "gru"]
    assert ((2, 2), (2, 3, 1)) in rollout and ((1, 2), (1, 100, 1)) in rollout
    for each in results:
        assert each.rollouts_per_second == pytest.approx(
            each.batch_size / each.latency_seconds
        )
    assert results[1].ratio_to_gru == 1.0
    assert said[0] == "mlp, horizon 1, batch 1: compiled"


@pytest.mark.parametrize("fault", ["RESOURCE_EXHAUSTED", "INTERNAL"])
def test_what_does_not_fit_is_left_out(monkeypatch, fault):
    def rollout_of(model, size):
        def fail(states, actions):
            raise jax.errors.JaxRuntimeError(f"{fault}: planted")

        return fail

    monkeypatch.setattr(predict, "rollout_of", rollout_of)
    if fault == "INTERNAL":
        with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL: planted"):
            predict.measure(CONFIG)
    else:
        results = predict.measure(CONFIG)
        assert {each.note for each in results} == {"does not fit into memory"}
        assert all(each.ratio_to_gru is None for each in results)
