import jax
import jax.numpy as jnp
import numpy as np
import pytest

from koopcli.config.model import ModelConfig
from koopcli.delays import Delays
from koopcli.model.dimensions import Dimensions
from koopcli.model.history import Recall
from koopcli.model.koopman import KoopmanModel
from koopcli.model.normaliser import Normaliser, identity

TWO_APART = Delays(count=3, lag=2, outputs=("y",), inputs=("u",))


def test_a_start_knows_its_own_lags_alone():
    recall = Recall(identity(5), identity(1), TWO_APART)
    history = recall.begin(jnp.array([[50.0, 30, 10, 31, 11]]))
    assert history.known.tolist() == [False, True, False, True]
    assert history.samples[1, 0].tolist() == [30, 31]
    assert history.samples[3, 0].tolist() == [10, 11]


def test_the_past_of_a_prediction_is_what_was_predicted_and_given():
    recall = Recall(identity(5), identity(1), TWO_APART)
    start = jnp.array([[50.0, 30, 10, 31, 11]])  # time 5: y5 y3 y1 u3 u1
    actions = jnp.array([[[51.0]], [[61]], [[71]]])  # u5 u6 u7
    states = jnp.full((3, 1, 5), -1.0).at[:, 0, 0].set(jnp.array([60.0, 70, 80]))
    state, history = recall.resume(recall.begin(start), start, actions, states)
    # Time 8: rows are times 7, 6, 5, 4, and 4 was never seen.
    assert history.known.tolist() == [True, True, True, False]
    assert history.samples[:3, 0].tolist() == [[70, 71], [60, 61], [50, 51]]
    # y8, y6 and u6 of the rollout; y4 and u4 as the model decoded them.
    assert state.tolist() == [[80, 60, -1, 61, -1]]
    # Three steps on, at time 11, everything is known: y9 y7 u9 u7.
    state, _ = recall.resume(history, state, actions + 30, states + 30)
    assert state.tolist() == [[110, 90, 70, 91, 71]]


def test_units_of_past_and_present_differ():
    scaled = Normaliser(np.arange(5.0), np.arange(1.0, 6))
    recall = Recall(scaled, Normaliser(np.full(1, 9.0), np.full(1, 7.0)), TWO_APART)
    start = scaled.standardise(jnp.array([[50.0, 30, 10, 31, 11]]))
    history = recall.begin(start)
    assert history.samples[1, 0].tolist() == pytest.approx([30, 31])
    actions = (jnp.array([[[51.0]], [[61]]]) - 9) / 7
    states = scaled.standardise(jnp.array([[[60.0, 0, 0, 0, 0]], [[70.0, 0, 0, 0, 0]]]))
    state, _ = recall.resume(history, start, actions, states)
    # Time 7: y7 y5 y3 u5 u3.
    found = scaled.restore(state)[0].tolist()
    assert found == pytest.approx([70, 50, 30, 51, 31], rel=1e-5)


def test_without_delays_a_prediction_is_a_start_as_it_is():
    recall = Recall(identity(1), identity(1), None)
    assert recall.begin(jnp.zeros((1, 1))) is None
    states = jnp.array([[[1.0]], [[2.0]]])
    state, history = recall.resume(None, states[0], states, states)
    assert state.tolist() == [[2.0]] and history is None


@pytest.mark.parametrize("every", [1, 3])
def test_a_rollout_is_the_slow_loop_over_its_own_past(key, every):
    delays = Delays(count=3, lag=1, outputs=("y",), inputs=("u",))
    config = ModelConfig(latent_dim=4, encoder_width=8, decoder_width=8, gate=False)
    sizes = Dimensions(state=5, action=1, reward=False)
    model = KoopmanModel(config, sizes, key=key)
    state = np.array([0.3, 0.1, -0.2, 0.5, 0.7], np.float32)
    actions = np.asarray(jax.random.normal(key, (7, 1)))
    found = model.rollout(jnp.array(state), jnp.array(actions), every, delays).states

    outputs, inputs = [*state[[2, 1, 0]]], [*state[[4, 3]]]
    for first in range(0, 7, every):
        now = jnp.array([*outputs[:-4:-1], *inputs[:-3:-1]], jnp.float32)
        block = jnp.array(actions[first : first + every])
        outputs += [float(y) for y in model.rollout(now, block, 0).states[:, 0]]
        inputs += [float(u) for u in block[:, 0]]
    assert found[:, 0].tolist() == pytest.approx(outputs[3:], abs=1e-5)


def test_without_re_encoding_nothing_is_fed_back(key):
    delays = Delays(count=2, lag=1, outputs=("y",), inputs=("u",))
    config = ModelConfig(latent_dim=4, encoder_width=8, decoder_width=8)
    model = KoopmanModel(config, Dimensions(3, 1, reward=False), key=key)
    state, actions = jnp.ones(3), jnp.ones((4, 1))
    plain, told = (model.rollout(state, actions, 0, d).states for d in (None, delays))
    assert jnp.array_equal(plain, told)
