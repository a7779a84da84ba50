import jax
import jax.numpy as jnp
import numpy as np
from memory_dataset import memory_dataset

from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.data.windows import starts
from koopcli.train.fit import initial_model
from koopcli.train.validation import make_validation

CONFIG = RunConfig(model=ModelConfig(latent_dim=3, encoder_width=4, decoder_width=4))


def test_errors_equal_rollouts_of_the_model_one_by_one():
    dataset = memory_dataset((6, 4, 9, 5))
    model = initial_model(dataset, CONFIG)
    errors = make_validation(dataset, horizon=4, windows=100)(model)
    chosen = starts(dataset, "val")
    per_step = [[] for _ in range(4)]
    for index in np.flatnonzero(chosen.remaining >= 4):
        row, step = chosen.observation_rows[index], chosen.step_rows[index]
        prediction = model.rollout(
            jnp.asarray(dataset.observations[row]),
            jnp.asarray(dataset.actions[step : step + 4]),
        ).states
        truth = dataset.observations[row + 1 : row + 5]
        scaled = (
            np.asarray(prediction) - truth
        ) / dataset.statistics.observations.scale
        for k in range(4):
            per_step[k].append((scaled[k] ** 2).mean())
    nmse = np.array([np.mean(values) for values in per_step])
    assert np.isclose(errors["nmse"], nmse.mean(), rtol=1e-3)
    assert np.isclose(errors["nrmse_1"], np.sqrt(nmse[0]), rtol=1e-3)
    assert np.isclose(errors["nrmse_last"], np.sqrt(nmse[-1]), rtol=1e-3)
    assert errors["reward_nmse"] > 0


def test_episodes_shorter_than_the_horizon_are_still_used():
    dataset = memory_dataset((6, 4, 3, 5))
    errors = make_validation(dataset, horizon=50, windows=10)(
        initial_model(dataset, CONFIG)
    )
    assert np.isfinite(list(errors.values())).all()


def test_no_validation_episodes_no_validation():
    dataset = memory_dataset()
    dataset.splits["val"] = np.zeros(0, np.int64)
    assert make_validation(dataset, horizon=3, windows=4) is None
    assert jax.default_backend() == "cpu"


def test_another_run_needs_no_other_program():
    dataset = memory_dataset((6, 4, 9, 5))

    def programs():
        compiled = jax.devices()[0].client.live_executables()
        names = [each.hlo_modules()[0].name for each in compiled]
        return names.count("jit__sums")

    before = programs()
    for seed in (1, 2):
        config = RunConfig(model=CONFIG.model, train=TrainConfig(seed=seed, horizon=7))
        make_validation(dataset, horizon=3, windows=99)(initial_model(dataset, config))
    assert programs() - before == 1
