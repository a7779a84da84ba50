import jax
import numpy as np
import pytest

from koopcli.benchmark import workload
from koopcli.config.benchmark import BenchmarkPredictConfig, BenchmarkTrainConfig
from koopcli.config.choices import ModelKind, Precision, Remat
from koopcli.model import sizes
from koopcli.model.dimensions import Dimensions
from koopcli.train.batches import gather


def test_windows_stay_within_their_episodes(key):
    dims = Dimensions(state=2, action=1, reward=True)
    data = workload.SyntheticData(dims, horizon=995, key=key)
    assert data.states.shape == (100 * 1001, 2) and data.actions.shape == (100_000, 1)
    assert len(data.remaining) == 600  # six starts in each of 100 episodes
    last = np.asarray(data.observation_rows)[5], np.asarray(data.step_rows)[5]
    assert last == (5, 5) and int(data.remaining[5]) == 995
    assert (int(data.observation_rows[6]), int(data.step_rows[6])) == (1001, 1000)
    batch = gather(data, jax.numpy.arange(600, dtype=np.int32), horizon=995)
    assert bool(batch.mask.all()) and bool((batch.states != 0).all())


def test_long_horizons_get_long_episodes(key):
    dims = Dimensions(state=1, action=0, reward=False)
    data = workload.SyntheticData(dims, horizon=1500, key=key)
    assert data.rewards is None and data.states.shape == (100 * 1501, 1)
    assert len(data.remaining) == 100 and int(data.remaining.min()) == 1500


def test_models_are_those_that_train_would_build():
    config = BenchmarkTrainConfig(
        batch_size=32, params=20_000, precision=Precision.BF16, remat=Remat.ALWAYS
    )
    found = workload.settings(ModelKind.KOOPMAN, 20, config)
    assert (found.train.batch_size, found.train.horizon) == (32, 20)
    assert (found.train.precision, found.train.remat) == ("bf16", "always")
    assert found.model.reencode_every == 5
    model = workload.model(found, workload.dimensions(config))
    assert sizes.size(model) == pytest.approx(20_000, rel=0.05)
    assert workload.settings(ModelKind.KOOPMAN, 5, config).model.reencode_every == 0
    mlp = workload.settings(ModelKind.MLP, 20, BenchmarkPredictConfig())
    assert mlp.loss.reward == 0.1 and mlp.train.batch_size == 64
    assert workload.default_horizon(ModelKind.MLP) == 20


def test_only_the_koopman_model_has_an_unroll():
    config = BenchmarkTrainConfig()
    names = [
        workload.unroll_name(workload.settings(kind, 10, config))
        for kind in (ModelKind.KOOPMAN, ModelKind.GRU)
    ]
    assert names == ["scan" if jax.default_backend() == "cpu" else "conv", None]
