import equinox as eqx
import jax.numpy as jnp
import linear_world
import pytest

from koopcli.config.model import ModelConfig
from koopcli.config.training import LossConfig, RunConfig, TrainConfig
from koopcli.data.windows import starts
from koopcli.errors import DivergedError
from koopcli.train import divergence
from koopcli.train.batches import DeviceData
from koopcli.train.fit import initial_model

CONFIG = RunConfig(
    model=ModelConfig(
        latent_dim=2, encoder_depth=0, decoder_depth=0, action_depth=0, reencode_every=0
    ),
    loss=LossConfig(reward=0.0),
    train=TrainConfig(batch_size=2, horizon=2, seed=5, max_bad_steps=3),
)


@pytest.fixture(scope="module")
def data():
    return linear_world.world()


def message(model, data, run):
    with pytest.raises(DivergedError) as caught:
        divergence.stop(run, model, 7, DeviceData(data, starts(data, "train")), CONFIG)
    return str(caught.value)


def test_the_first_term_that_is_not_finite_is_named_with_its_batch(tmp_path, data):
    model = initial_model(data, CONFIG)
    spoilt = eqx.tree_at(lambda m: m.log_gain, model, model.log_gain + jnp.nan)
    said = message(spoilt, data, tmp_path)
    assert "the prediction loss became non-finite at step 7" in said
    assert "(batch: seed 5, step 7), and so did the 3 steps after it" in said
    assert "last.eqx holds the last good model" in said


def test_finite_losses_with_an_infinite_gradient_name_the_tensor(
    tmp_path, data, monkeypatch
):
    def steep(model, batch, config, *, key):
        # sqrt(0): the value is finite, the slope is not.
        return jnp.sqrt(jnp.sum(0.0 * model.log_gain**2)), {}

    monkeypatch.setattr(divergence.loss, "total", steep)
    said = message(initial_model(data, CONFIG), data, tmp_path)
    assert "the gradient of log_gain became non-finite" in said


def test_nothing_found_leaves_the_norm(tmp_path, data):
    said = message(initial_model(data, CONFIG), data, tmp_path)
    assert "the norm of the gradient became non-finite" in said


def test_an_explosion_names_the_loss_and_the_limit(tmp_path):
    with pytest.raises(
        DivergedError, match=r"grown to 5e\+03 by step 40, more than .* allows \(12\)"
    ):
        divergence.explode(tmp_path, 40, 5000.0, 12.0)
