"""A linear plant with known modes, its data, and a diagonal model that is exact for it."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from linear_world import model_meta, summary, world

from koopcli.config.choices import Discretisation, Stability
from koopcli.config.model import ModelConfig
from koopcli.data.statistics import Statistics
from koopcli.model.koopman import KoopmanModel
from koopcli.spectrum import modal

DT = 0.1
OSCILLATOR = np.exp(complex(-0.5, 2 * np.pi * 1.5) * DT)
"""Decay 0.5 1/s at 1.5 Hz."""
FAST = 0.8 * np.exp(1.2j)
MARGINAL, UNDRIVEN = 1.0, 0.9
TRUE = np.array([OSCILLATOR, FAST, MARGINAL, UNDRIVEN])
"""One of each pair of conjugates."""


def matrices(seed=0):
    """A and B of s' = A s + B a, six states and two inputs, in mixed coordinates."""
    random = np.random.default_rng(seed)
    blocks = np.zeros((6, 6))
    for first, value in ((0, OSCILLATOR), (2, FAST)):
        turn = [[value.real, -value.imag], [value.imag, value.real]]
        blocks[first : first + 2, first : first + 2] = turn
    blocks[4, 4], blocks[5, 5] = MARGINAL, UNDRIVEN
    mix = np.linalg.qr(random.normal(size=(6, 6)))[0]
    push = random.normal(size=(6, 2)) * 0.2
    push[5] = 0.0
    return mix @ blocks @ mix.T, mix @ push, mix


def plant(episodes=12, length=40, seed=0, noise=0.0):
    """Episodes of the plant; the first half trains, the rest tests."""
    a, b, mix = matrices(seed)
    random = np.random.default_rng(seed + 1)
    states, inputs = [], []
    for _ in range(episodes):
        action = random.normal(size=(length, 2))
        state = [mix @ random.normal(size=6)]
        for now in action:
            state.append(a @ state[-1] + b @ now)
        state = np.array(state)
        states.append(state + noise * random.normal(size=state.shape))
        inputs.append(action)
    half, number = episodes // 2, np.arange(episodes)
    base = world(lengths=(length,) * episodes, rewards=False, actions=2)
    return replace(
        base,
        observations=np.concatenate(states).astype(np.float32),
        actions=np.concatenate(inputs).astype(np.float32),
        splits={"train": number[:half], "val": number[:0], "test": number[half:]},
        statistics=Statistics(
            observations=summary(np.concatenate(states[:half])),
            actions=summary(np.concatenate(inputs[:half])),
            rewards=None,
        ),
        dt=DT,
        observation_names=tuple("abcdef"),
        action_names=("u", "v"),
    )


def exact(dataset, planted=(), seed=0, horizon=20, **changes):
    """The diagonal model of the plant, and `planted` modes: (λ, row of the encoder)."""
    values = np.array([*TRUE, *(value for value, _ in planted)], np.complex128)
    config = ModelConfig(
        latent_dim=len(values), encoder_depth=0, decoder_depth=0, action_depth=0,
        stability=Stability.FREE, discretisation=Discretisation.NONE,
        reencode_every=0, **changes,
    )  # fmt: skip
    meta = model_meta(dataset, model_config=config, horizon=horizon)
    model = KoopmanModel(config, meta.dimensions, key=jax.random.key(0))
    _, push, mix = matrices(seed)
    rows = np.zeros((len(values), 6), np.complex128)
    rows[0, :2], rows[1, 2:4] = (1, 1j), (1, 1j)
    rows[2, 4] = rows[3, 5] = 1
    rows = rows @ mix.T
    for place, (_, row) in enumerate(planted, start=len(TRUE)):
        rows[place] = row
    inputs = rows @ push
    reader = mix @ np.linalg.inv(
        np.r_[
            [rows[0].real, rows[0].imag, rows[1].real],
            [rows[1].imag, rows[2].real, rows[3].real],
        ]
        @ mix
    )
    decoder = np.zeros((2 * len(values), 6))
    for column, part in enumerate((0, len(values), 1, len(values) + 1, 2, 3)):
        decoder[part] = reader[:, column]
    parts = {
        "encoder": np.r_[rows.real, rows.imag].T,
        "decoder": decoder,
        "action_encoder": np.r_[inputs.real, inputs.imag].T,
    }
    for name, weight in parts.items():
        model = eqx.tree_at(
            lambda m, name=name: getattr(m, name).layers[0].weight,
            model,
            jnp.asarray(weight, jnp.float32),
        )
    exponents = np.log(values)
    model = eqx.tree_at(
        lambda m: (m.spectrum.decay, m.spectrum.phase, m.log_gain),
        model,
        (
            jnp.asarray(exponents.real, jnp.float32),
            jnp.asarray(exponents.imag, jnp.float32),
            jnp.zeros(len(values)),
        ),
    )
    return modal.of(modal.SavedModel(model, meta))
