"""The laboratory behind docs/ablations.md: variants that did not all enter the program.

One pinned core, one seed, one line of JSON per run, on a dataset that `ingest` wrote:

    taskset -c 0 python tests/benchmarks/ablation.py mix.h5 --every 10 --rate 8e-3
    taskset -c 0 python tests/benchmarks/ablation.py mix.h5 --model gru --rate 8e-3

Errors are means of squared standardised errors over 100 and 300 steps of test episodes.
`ms` is processor time per step.
"""

import argparse
import json
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.model.networks import Linear, Network, small_output
from koopcli.train.batches import DeviceData, gather, sample


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("data", type=Path)
    add("--model", choices=["koopman", "gru", "mlp"], default="koopman")
    add("--steps", type=int, default=1500)
    add("--batch", type=int, default=64)
    add("--horizon", type=int, default=20)
    add("--rate", type=float, default=8e-3, help="peak learning rate")
    add("--beta2", type=float, default=0.999)
    add("--muon", action="store_true", help="Muon instead of AdamW")
    add("--width", type=int, default=256)
    add("--latents", type=int, default=128)
    add("--every", type=int, default=10, help="steps between re-encodings")
    add(
        "--picks", type=int, default=2, help="decoded steps per block, besides the last"
    )
    add("--consistency", type=float, default=0.1)
    add("--gate", choices=["none", "constant", "linear", "network"], default="none")
    add(
        "--condition", action="store_true", help="action encoder sees the block's start"
    )
    add(
        "--residual", action="store_true", help="decoder predicts a change of the state"
    )
    add(
        "--input-eigenvalues", action="store_true", help="modulus and phase see actions"
    )
    add("--action-depth", type=int, default=1)
    add("--smallest-modulus", type=float, default=0.5)
    add("--largest-phase", type=float, default=np.pi)
    add("--seed", type=int, default=0)
    return parser.parse_args()


def network(inputs, outputs, key, width=256, depth=2, skip=True):
    return Network(inputs, outputs, width=width, depth=depth, skip=skip, key=key)


class Koopman(eqx.Module):
    encoder: Network
    decoder: Network
    actions: Network
    reward: Network
    gate: jax.Array
    gate_network: Network | None
    shift: Network | None
    decay: jax.Array
    phase: jax.Array
    gain: jax.Array
    a: argparse.Namespace = eqx.field(static=True)

    def __init__(self, a, n, p, key):
        keys = jax.random.split(key, 8)
        m, inputs = a.latents, p + n * a.condition
        depth = a.action_depth
        self.encoder = network(n, 2 * m, keys[0], a.width)
        self.decoder = network(2 * m, n, keys[1], a.width)
        self.actions = network(inputs, 2 * m, keys[2], a.width // 2, depth)
        self.reward = network(2 * m + p, 1, keys[3], a.width // 2, 1)
        low, high = a.smallest_modulus**2, 0.999**2
        modulus = jnp.sqrt(jax.random.uniform(keys[4], (m,)) * (high - low) + low)
        self.decay = jnp.log(-jnp.log(modulus))
        self.phase = jax.random.uniform(keys[5], (m,)) * a.largest_phase
        self.gain = 0.5 * jnp.log(1 - modulus**2)
        self.gate = jnp.zeros(2 * m)
        hidden = {"linear": 0, "network": 1}.get(a.gate)
        self.gate_network = (
            None
            if hidden is None
            else network(2 * m + n, 2 * m, keys[6], 128, hidden, skip=False)
        )
        self.shift = (
            network(inputs, 2 * m, keys[7], 32, 1, skip=False)
            if a.input_eigenvalues
            else None
        )
        self.a = a

    def restart(self, state, memory, known):
        encoded = self.encoder(state)
        if self.a.gate == "none":
            return encoded
        logit = self.gate
        if self.gate_network is not None:
            seen = jnp.concatenate([memory, state], -1)
            logit = logit + self.gate_network(seen)
        return encoded + known * jax.nn.sigmoid(logit) * (memory - encoded)

    def block(self, x, state, actions, picks):
        count, m = len(actions), self.a.latents
        seen = actions
        if self.a.condition:
            start = jnp.broadcast_to(state, (count, *state.shape))
            seen = jnp.concatenate([actions, start], -1)
        drive = self.actions(seen) * jnp.tile(jnp.exp(self.gain), 2)
        decay, phase = jnp.broadcast_to(self.decay, (count, 1, m)), self.phase
        if self.shift is not None:
            more = self.shift(seen)
            decay, phase = decay + more[..., :m], phase + more[..., m:]
        modulus = jnp.exp(-jnp.exp(decay))
        real, imag = modulus * jnp.cos(phase), modulus * jnp.sin(phase)

        def step(x, row):
            real, imag, drive = row
            re, im = x[..., :m], x[..., m:]
            turned = [real * re - imag * im, real * im + imag * re]
            x = jnp.concatenate(turned, -1) + drive
            return x, x

        latents = lax.scan(step, x, (real, imag, drive))[1]
        states = self.decoder(latents[picks])
        if self.a.residual:
            states = states + state - self.decoder(x)
        reward = self.reward(jnp.concatenate([latents[picks], actions[picks]], -1))
        return states, reward[..., 0], latents[picks]

    def __call__(self, start, actions, key=None):
        time, every = len(actions), min(self.a.every, len(actions))
        blocks = actions.reshape(time // every, every, *actions.shape[1:])
        picks = jnp.arange(every)
        if key is not None and every > 1:
            some = jax.random.permutation(key, every - 1)[: self.a.picks]
            picks = jnp.sort(jnp.append(some, every - 1))

        def body(carry, actions):
            state, memory, known = carry
            x = self.restart(state, memory, known)
            states, rewards, latents = self.block(x, state, actions, picks)
            return (states[-1], latents[-1], 1.0), (states, rewards, latents)

        nothing = jnp.zeros((len(start), 2 * self.a.latents))
        rows = lax.scan(body, (start, nothing, 0.0), blocks)[1]
        rows = [row.reshape(-1, *row.shape[2:]) for row in rows]
        steps = jnp.arange(time // every)[:, None] * every + picks
        return rows[0], rows[1], steps.reshape(-1), rows[2]


class Recurrent(eqx.Module):
    start: Network
    inputs: Linear
    memory: Linear
    change: Network
    reward: Network

    def __init__(self, a, n, p, key):
        keys, h = jax.random.split(key, 5), a.width
        self.start = network(n, h, keys[0], h // 2, 1)
        self.inputs = Linear(n + p, 3 * h, key=keys[1])
        self.memory = Linear(h, 3 * h, key=keys[2])
        self.change = small_output(network(h, n, keys[3], h // 2, 1))
        self.reward = network(h + p, 1, keys[4], h // 2, 1)

    def __call__(self, start, actions, key=None):
        def body(carry, action):
            state, h = carry
            u = self.inputs(jnp.concatenate([state, action], -1))
            u, w = jnp.split(u, 3, -1), jnp.split(self.memory(h), 3, -1)
            keep = jax.nn.sigmoid(u[1] + w[1])
            new = jnp.tanh(u[2] + jax.nn.sigmoid(u[0] + w[0]) * w[2])
            h = keep * h + (1 - keep) * new
            state = state + self.change(h)
            reward = self.reward(jnp.concatenate([h, action], -1))[..., 0]
            return (state, h), (state, reward)

        carry = (start, jnp.tanh(self.start(start)))
        states, rewards = lax.scan(body, carry, actions)[1]
        return states, rewards, jnp.arange(len(actions)), None


class Perceptron(eqx.Module):
    change: Network
    reward: Network

    def __init__(self, a, n, p, key):
        keys = jax.random.split(key)
        self.change = small_output(network(n + p, n, keys[0], a.width))
        self.reward = network(2 * n + p, 1, keys[1], a.width // 2, 1)

    def __call__(self, start, actions, key=None):
        def body(state, action):
            new = state + self.change(jnp.concatenate([state, action], -1))
            seen = jnp.concatenate([state, new, action], -1)
            return new, (new, self.reward(seen)[..., 0])

        states, rewards = lax.scan(body, start, actions)[1]
        return states, rewards, jnp.arange(len(actions)), None


def loss(model, batch, key, a):
    states, rewards, steps, latents = model(batch.states[0], batch.actions, key)
    mask, truth = batch.mask[steps], batch.states[steps + 1]
    count = jnp.maximum(jnp.sum(mask), 1)
    mean = lambda error: jnp.sum(jnp.where(mask, error, 0.0)) / count  # noqa: E731
    total = mean(jnp.mean((states - truth) ** 2, -1))
    total += 0.1 * mean((rewards - batch.rewards[steps]) ** 2)
    if latents is not None and a.consistency:
        distance = jnp.mean((latents - model.encoder(truth)) ** 2, -1)
        total += 2 * a.consistency * mean(distance)
    return total


def optimizer(a):
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, a.rate, max(1, a.steps // 20), a.steps, 0.01 * a.rate
    )
    inner = optax.adamw(schedule, b2=a.beta2, weight_decay=1e-4)
    if a.muon:
        inner = optax.contrib.muon(
            schedule,
            adam_learning_rate=lambda count: 0.2 * schedule(count),
            weight_decay=0.0,
            consistent_rms=0.2,
        )
    return optax.chain(optax.clip_by_global_norm(1.0), inner)


def errors(model, dataset, horizon, count=400):
    chosen = starts(dataset, "test")
    full = np.flatnonzero(chosen.remaining >= horizon)
    if len(full) == 0:
        return None, None
    spread = np.linspace(0, len(full) - 1, min(count, len(full)))
    chosen = chosen.take(full[np.round(spread).astype(int)])
    batch = gather(
        DeviceData(dataset, chosen), jnp.arange(len(chosen)), horizon=horizon
    )
    states, rewards, *_ = eqx.filter_jit(model)(batch.states[0], batch.actions)
    pairs = [(states, batch.states[1:]), (rewards, batch.rewards)]
    return [float(jnp.mean((found - truth) ** 2)) for found, truth in pairs]


def main():
    a = arguments()
    dataset = store.load(a.data)
    data = DeviceData(dataset, starts(dataset, "train"))
    kinds = {"koopman": Koopman, "gru": Recurrent, "mlp": Perceptron}
    sizes = dataset.observations.shape[1], dataset.actions.shape[1]
    model = kinds[a.model](a, *sizes, jax.random.key(a.seed))
    parameters, static = eqx.partition(model, eqx.is_inexact_array)
    transformation = optimizer(a)

    @jax.jit
    def run(parameters, state, first, count):
        def body(index, carry):
            parameters, state = carry
            key = jax.random.fold_in(jax.random.key(a.seed + 77), first + index)
            batch_key, loss_key = jax.random.split(key)
            batch = sample(data, batch_key, batch_size=a.batch, horizon=a.horizon)
            objective = lambda p: loss(  # noqa: E731
                eqx.combine(p, static), batch, loss_key, a
            )
            updates, state = transformation.update(
                jax.grad(objective)(parameters), state, parameters
            )
            return optax.apply_updates(parameters, updates), state

        return lax.fori_loop(0, count, body, (parameters, state))

    state = transformation.init(parameters)
    jax.block_until_ready(run(parameters, state, 0, 0))
    started = time.process_time()
    parameters, state = jax.block_until_ready(run(parameters, state, 0, a.steps))
    spent = time.process_time() - started
    model = eqx.combine(parameters, static)
    result = {
        "arguments": {name: str(value) for name, value in vars(a).items()},
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(parameters)),
        "ms": round(1000 * spent / a.steps, 1),
    }
    for horizon in (1, 10, 100, 300):
        states, rewards = errors(model, dataset, horizon)
        result[f"states_{horizon}"], result[f"rewards_{horizon}"] = states, rewards
    print(json.dumps(result))


if __name__ == "__main__":
    main()
