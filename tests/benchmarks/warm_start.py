"""A closed-form start for the Koopman model: EDMDc on its own random hidden units.

The last layers of both encoders and the linear path of the decoder are linear in the hidden
units (and in the state or action itself). Least squares on these gives z' = A z + B u; the
eigenvectors of A turn it into a diagonal model, which sets Λ, the encoders and the decoder.
It did not help: docs/ablations.md.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from koopcli.data.windows import starts
from koopcli.train.batches import standardise
from koopcli.train.eigenbasis import diagonalise, stabilise
from koopcli.train.least_squares import Ridge, accumulate

ROWS, RIDGE, DECODER = 120_000, 1e-4, 0.1


def features(network, values):
    hidden = jnp.asarray(values)
    for layer in network.layers[:-1]:
        hidden = jax.nn.silu(layer(hidden))
    return np.concatenate([values, np.asarray(hidden)], 1).astype(np.float64)


def put(network, columns, inputs, weights, offset):
    """Write complex `weights` (mode, feature) into the last layer and the skip path."""
    parts = np.concatenate([weights.real, weights.imag])
    last, skip = network.layers[-1], network.skip
    return eqx.tree_at(
        lambda n: (n.layers[-1].weight, n.layers[-1].bias, n.skip.weight, n.skip.bias),
        network,
        (
            last.weight.at[:, columns].set(parts[:, inputs:].T),
            last.bias.at[columns].set(np.concatenate([offset.real, offset.imag])),
            skip.weight.at[:, columns].set(parts[:, :inputs].T),
            skip.bias.at[columns].set(0.0),
        ),
    )


def transitions(dataset):
    chosen, random = starts(dataset, "train"), np.random.default_rng(0)
    count = len(chosen.remaining)
    picked = np.sort(random.choice(count, min(ROWS, count), replace=False))
    rows, steps = chosen.observation_rows[picked], chosen.step_rows[picked]
    statistics = dataset.statistics
    before, after = (
        standardise(dataset.observations[r], statistics.observations)
        for r in (rows, rows + 1)
    )
    return before, after, standardise(dataset.actions[steps], statistics.actions)


def warm(model, dataset):
    before, after, actions = transitions(dataset)
    z, following = features(model.encoder, before), features(model.encoder, after)
    u = features(model.action_encoder, actions)
    mean, scale = z.mean(0), z.std(0) + 1e-9
    z, following = (z - mean) / scale, (following - mean) / scale
    moments = accumulate([(np.concatenate([z, u], 1), following)])
    weights = Ridge(moments).solve(RIDGE)
    constant, size = moments.offset(weights), z.shape[1]
    basis = diagonalise(stabilise(weights[:size].T))
    amplitude = np.sqrt(np.mean(np.abs(z @ basis.left.T) ** 2, 0))
    n, modes = before.shape[1], model.log_gain.size
    share = np.linalg.norm(basis.right[:n], axis=0) * amplitude
    kept = np.sort(np.argsort(-share)[:modes])
    values, left = basis.values[kept], basis.left[kept] / amplitude[kept, None]
    right = basis.right[:n, kept] * amplitude[kept] * scale[:n, None]
    count = len(kept)
    columns = np.concatenate([np.arange(count), modes + np.arange(count)])
    modulus = np.clip(np.abs(values), 1e-3, 1 - 1e-5)
    spectrum = eqx.tree_at(
        lambda s: (s.decay, s.phase),
        model.spectrum,
        (
            model.spectrum.decay.at[:count].set(np.log(-np.log(modulus))),
            model.spectrum.phase.at[:count].set(np.angle(values)),
        ),
    )
    drive, hold = left @ weights[size:].T, np.asarray(spectrum.hold())[:count]
    driven = np.sqrt(np.mean(np.abs(u @ drive.T) ** 2, 0)) + 1e-3
    log_gain = np.log(driven / np.abs(hold) + 1e-6)
    gain = hold * np.exp(log_gain)
    encoder = put(model.encoder, columns, n, left / scale, -(left / scale) @ mean)
    action_encoder = put(
        model.action_encoder,
        columns,
        actions.shape[1],
        drive / gain[:, None],
        left @ constant / gain,
    )
    linear = np.concatenate([right.real, -right.imag], 1).T
    decoder = eqx.tree_at(
        lambda d: (d.skip.weight, d.skip.bias, d.layers[-1].weight),
        model.decoder,
        (
            jnp.zeros_like(model.decoder.skip.weight).at[columns].set(linear),
            jnp.asarray(mean[:n], jnp.float32),
            DECODER * model.decoder.layers[-1].weight,
        ),
    )
    return eqx.tree_at(
        lambda m: (m.spectrum, m.encoder, m.action_encoder, m.decoder, m.log_gain),
        model,
        (
            spectrum,
            encoder,
            action_encoder,
            decoder,
            model.log_gain.at[:count].set(log_gain),
        ),
    )
