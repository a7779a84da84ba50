import jax
import numpy as np
import optax
import pytest

from koopcli.benchmark import workload
from koopcli.benchmark.update import Update
from koopcli.config.benchmark import BenchmarkTrainConfig
from koopcli.config.choices import ModelKind

CONFIG = BenchmarkTrainConfig(
    models=(ModelKind.MLP,), batch_size=2, observation_dim=2, action_dim=1, params=200
)
DIMS = workload.dimensions(CONFIG)


@pytest.fixture(scope="module")
def parts():
    settings = workload.settings(ModelKind.MLP, 2, CONFIG)
    data = workload.SyntheticData(DIMS, 2, key=jax.random.key(0))
    return settings, workload.model(settings, DIMS), data


@pytest.fixture(scope="module")
def update(parts):
    return Update(*parts)


def test_steps_are_taken_and_the_model_of_others_is_left_alone(parts, update):
    done = int(update.state.step)
    update.run(3)
    assert int(update.state.step) == done + 3 and int(update.state.bad_steps) == 0
    before, after = (
        jax.tree.leaves(tree)[0] for tree in (parts[1], update.state.parameters)
    )
    assert not np.array_equal(before, after)
    assert update.compile_seconds > 0 and update.bytes() > update.data.states.nbytes
    assert update.operations() > 3 * 2 * 2 * 200  # there, back, twice


def test_no_work_is_longer_than_a_call_of_training(update):
    long, short = update.work(1e9), update.work(1e-9)
    assert (long.pieces, short.pieces) == (25, 1)
    done = int(update.state.step)
    long.run()
    assert int(update.state.step) == done + 25


def test_another_optimiser_can_be_had(parts):
    update = Update(*parts, lambda _: optax.set_to_zero())
    update.run(1)
    for before, after in zip(
        jax.tree.leaves(parts[1].change),
        jax.tree.leaves(update.state.parameters.change),
        strict=True,
    ):
        assert np.array_equal(before, after)
