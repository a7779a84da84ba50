"""Plants in the plane, and kfc models that are exact for them up to rounding."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from linear_world import model_meta, summary, world

from koopcli.augment.bilinear_model import BilinearModel
from koopcli.config.choices import ModelKind
from koopcli.config.model import ModelConfig
from koopcli.data.statistics import Statistics
from koopcli.model.kfc import KfcModel
from koopcli.model.normaliser import Normaliser

J = np.array([[0.0, -1.0], [1.0, 0.0]])
STILL = 0.98 * (np.cos(0.3) * np.eye(2) + np.sin(0.3) * J)
TURN = 0.03 * np.eye(2) + 0.1 * J
"""Commutes with STILL: growing and turning are symmetries under every action."""
PUSH = np.array([0.2, -0.4])
MEAN, SCALE = 0.5, 2.0
"""Of the actions, as the models standardise them."""
SMALL = 1e-4
"""Size of the latents of a state of size 1: there tanh is linear to 1e-8."""


def turned(state, action):
    """s' = (STILL + a TURN) s, a bilinear plant."""
    return (STILL + action * TURN) @ state


def pushed(state, action):
    """s' = STILL s + PUSH a, an additive plant."""
    return STILL @ state + PUSH * action


def defect(blocks, step):
    """s[t+1] - step(s[t], a[t]) of every real step of blocks."""
    states = blocks.observations.astype(np.float64)
    error = [
        [after - step(now, action[0]) for now, action, after in zip(*rows, strict=True)]
        for rows in zip(states[:, :-1], blocks.actions, states[:, 1:], strict=True)
    ]
    return np.array(error)[blocks.steps]


def plant(step=turned, episodes=8, length=30, noise=0.0):
    """Episodes of a plant; the first half trains, the rest tests."""
    random = np.random.default_rng(0)
    states, inputs = [], MEAN + SCALE * random.normal(size=(episodes, length, 1))
    for actions in inputs:
        state = [random.normal(size=2)]
        for action in actions:
            state.append(step(state[-1], action[0]))
        states.append(np.array(state) + noise * random.normal(size=(length + 1, 2)))
    half, number = episodes // 2, np.arange(episodes)
    return replace(
        world(lengths=(length,) * episodes, rewards=False),
        observations=np.concatenate(states).astype(np.float32),
        actions=np.concatenate(inputs).astype(np.float32),
        splits={"train": number[:half], "val": number[:0], "test": number[half:]},
        statistics=Statistics(
            observations=summary(np.concatenate(states[:half])),
            actions=summary(np.concatenate(inputs[:half])),
            rewards=None,
        ),
        observation_names=("x", "y"),
    )


def kfc_model(dataset, operators, constant=False):
    """A model with z = s, or (s, 1), in units of SMALL, and K(a) of physical actions."""
    still, moving = (np.asarray(part, np.float64) for part in operators)
    size = len(still)
    config = ModelConfig(
        kind=ModelKind.KFC, latent_dim=size, width=size, depth=1, reencode_every=0
    )
    meta = model_meta(dataset, model_config=config, horizon=1)
    model = KfcModel(config, meta.dimensions, key=jax.random.key(0))
    lift = np.eye(2, size)
    weights = [SMALL * lift, np.eye(size), np.eye(size), lift.T / SMALL]
    model = eqx.tree_at(
        lambda m: [layer.weight for layer in (*m.encoder.layers, *m.decoder.layers)],
        model,
        [jnp.asarray(weight, jnp.float32) for weight in weights],
    )
    if constant:
        bias = jnp.zeros(size).at[2].set(SMALL)
        model = eqx.tree_at(lambda m: m.encoder.layers[1].bias, model, bias)
    standard = np.stack([still + MEAN * moving, SCALE * moving])
    normaliser = Normaliser(np.full(1, MEAN), np.full(1, SCALE))
    model = eqx.tree_at(
        lambda m: (m.operators, m.action_normaliser),
        model,
        (jnp.asarray(standard, jnp.float32), normaliser),
    )
    return BilinearModel(model, meta)


def turning(dataset):
    """The exact model of the bilinear plant."""
    return kfc_model(dataset, (STILL, TURN))


def pushing(dataset):
    """The exact model of the additive plant: the third latent is the constant 1."""
    still, moving = np.eye(3), np.zeros((3, 3))
    still[:2, :2], moving[:2, 2] = STILL, PUSH
    return kfc_model(dataset, (still, moving), constant=True)
