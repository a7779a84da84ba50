"""Variants of the Koopman model that did not enter the program; see docs/ablations.md.

One pinned core, one seed, errors on VALIDATION episodes; one line of JSON per run:

    taskset -c 0 python tests/benchmarks/koopman_variants.py mix.h5 --steps 1200
    taskset -c 0 python tests/benchmarks/koopman_variants.py mix.h5 --variant both-ends
    taskset -c 0 python tests/benchmarks/koopman_variants.py mix.h5 --variant jump
    taskset -c 0 python tests/benchmarks/koopman_variants.py mix.h5 --set loss.one_step=0

`ms` is processor time per gradient step, compilation left out.
"""

import argparse
import dataclasses
import json
import tempfile
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import warm_start
from loss_variants import LOSSES

from koopcli import config_file
from koopcli.config.choices import ModelKind
from koopcli.data import store
from koopcli.data.windows import starts
from koopcli.model import build, checkpoint
from koopcli.model.dynamics import Forecast
from koopcli.model.koopman import KoopmanModel
from koopcli.model.networks import Network, pack, small_output, unpack
from koopcli.train import fit as fitting
from koopcli.train import loss
from koopcli.train.batches import DeviceData, gather

VARIANTS = {
    "both-ends": "reward head sees the latents before and after the step",
    "decoded": "both-ends, and the decoded state",
    "true-states": "reward head of two states and the action, fitted to measured ones",
    "pair": "reward head of two decoded states and the action",
    "pair-fixed": "the same; its gradient stops at the states",
    "jump": "a network of latents and state adds to what the gate lets through",
    "heads": "the mean of three decoders of a third of the width",
    "gauge": "decoder corrected by rho^k times its miss at the start of a block",
    "even-picks": "every step of a block weighs the same, its end too",
    "warm": "starts from EDMDc on its own random hidden units",
} | {name: function.__doc__.strip() for name, function in LOSSES.items()}
CHOSEN: frozenset[str] = frozenset()


class Variant(KoopmanModel):
    """The Koopman model with what `CHOSEN` changes in the read-out."""

    rho: jax.Array
    heads: tuple[Network, ...]
    jump: Network | None

    def __init__(self, config, dims, *, key):
        super().__init__(config, dims, key=key)
        self.rho = jnp.zeros(dims.state)
        latent = 2 * config.latent_dim
        inputs = latent
        if CHOSEN & {"both-ends", "decoded"}:
            inputs += latent + dims.state * ("decoded" in CHOSEN)
        if CHOSEN & {"true-states", "pair", "pair-fixed"}:
            inputs = 2 * dims.state
        self.reward_head = Network(
            inputs + dims.action,
            1,
            width=config.reward_width,
            depth=config.decoder_depth,
            skip=config.skip,
            key=jax.random.fold_in(key, 7),
        )
        self.heads = tuple(
            Network(
                latent,
                dims.state,
                width=config.decoder_width // 3,
                depth=config.decoder_depth,
                skip=config.skip,
                key=jax.random.fold_in(key, 8 + number),
            )
            for number in range(3 * ("heads" in CHOSEN))
        )

        self.jump = None
        if "jump" in CHOSEN:
            shape = {"width": config.encoder_width // 2, "depth": 1, "skip": False}
            jump_key = jax.random.fold_in(key, 11)
            self.jump = small_output(
                Network(latent + dims.state, latent, **shape, key=jump_key)
            )

    def restart(self, state, memory):
        start = super().restart(state, memory)
        if self.jump is None:
            return start
        features = jnp.concatenate([memory.latents, state], -1)
        return start + memory.known * self.jump(features)

    def read(self, latent):
        return self._decode(unpack(latent))

    def _decode(self, parts):
        if not self.heads:
            return self.decoder(parts)
        return sum(head(parts) for head in self.heads) / len(self.heads)

    def segment(self, start, actions, steps):
        first = self.encoder(start)
        return self._read(start, first, self._unroll(first, actions), actions, steps)

    def resume(self, start, memory, actions, steps):
        first = self.restart(start, memory)
        latents = self._unroll(first, actions)
        memory = dataclasses.replace(memory, latents=latents[-1], known=jnp.float32(1))
        return self._read(start, first, latents, actions, steps), memory

    def forecast_some(self, start, actions, *, reencode_every, fraction, key):
        """Decodes everything, then takes what the program does: slower than that."""
        whole = self.forecast(start, actions, reencode_every=reencode_every)
        # Its rewards are thrown away, but for which steps have one.
        plain = eqx.tree_at(lambda m: m.reward_head, self, lambda features: features)
        some = super(Variant, plain).forecast_some(
            start, actions, reencode_every=reencode_every, fraction=fraction, key=key
        )
        return Forecast(
            steps=some.steps,
            states=whole.states[some.steps],
            rewards=whole.rewards[some.steps[: len(some.rewards)]],
            latents=whole.latents[some.steps[: len(some.latents)]],
        )

    def _read(self, start, first, latents, actions, steps):
        states = self._decode(latents[steps])
        if "gauge" in CHOSEN:
            share = jax.nn.sigmoid(self.rho) ** (steps[:, None, None] + 1.0)
            states = states + share * (start - self._decode(first))
        before = jnp.concatenate([first[None], latents[:-1]])[steps]
        parts = [latents[steps], actions[steps]]
        if CHOSEN & {"both-ends", "decoded"}:
            parts.append(before)
        if "decoded" in CHOSEN:
            parts.append(states)
        if "true-states" in CHOSEN:
            earlier = jnp.concatenate([start[None], states[:-1]])
            parts = [earlier, states, actions[steps]]
        if CHOSEN & {"pair", "pair-fixed"}:
            known = (steps == 0)[:, None, None]
            earlier = jnp.where(known, start[None], self._decode(before))
            parts = [earlier, states, actions[steps]]
        if "pair-fixed" in CHOSEN:
            parts = jax.lax.stop_gradient(parts)
        rewards = self.reward_head(jnp.concatenate(parts, -1))[..., 0]
        return Forecast(
            steps=steps, states=states, rewards=rewards, latents=pack(latents[steps])
        )


def terms(model, batch, config, *, key, errors):
    """`loss.compute_terms`, changed where the variant is one of the loss."""
    found, misses = ORIGINAL(model, batch, config, key=key, errors=errors)
    every = model.config.reencode_every
    forecast = model.forecast_some(
        batch.states[0],
        batch.actions,
        reencode_every=every,
        fraction=config.decode_fraction,
        key=key,
    )
    steps = forecast.steps
    targets = batch.states[steps + 1]
    if "true-states" in CHOSEN:
        seen = [batch.states[steps], targets, batch.actions[steps]]
        rewards = model.reward_head(jnp.concatenate(seen, -1))[..., 0]
        error = (rewards - batch.rewards[steps])[..., None] ** 2
        found["reward"] = batch.mean(error, steps)
    if "even-picks" in CHOSEN:
        ends = (steps + 1) % every == 0
        share = jnp.mean(ends)
        weight = jnp.where(ends, 1 / share, (every - 1) / (1 - share)) / every
        error = weight[:, None, None] * (forecast.states - targets) ** 2
        found["prediction"] = batch.mean(error, steps)
        steps = steps[: len(forecast.rewards)]
        error = (forecast.rewards - batch.rewards[steps]) ** 2
        error = weight[: len(steps), None] * error
        found["reward"] = batch.mean(error[..., None], steps)
    return found, misses


ORIGINAL = loss.compute_terms


def errors(model, dataset, split):
    found = {}
    for horizon in (1, 10, 100, 300):
        chosen = starts(dataset, split)
        full = np.flatnonzero(chosen.remaining >= horizon)
        if len(full) == 0:
            continue
        spread = np.linspace(0, len(full) - 1, min(600, len(full)))
        chosen = chosen.take(full[np.round(spread).astype(int)])
        data = DeviceData(dataset, chosen, horizon)
        batch = gather(data, jnp.arange(len(chosen)), horizon=horizon)
        every = model.reencoding(None)
        forecast = eqx.filter_jit(
            lambda m, s, a, every=every: m.forecast(s, a, reencode_every=every)
        )(model, batch.states[0], batch.actions)
        found[f"states_{horizon}"] = float(
            jnp.mean((forecast.states - batch.states[1:]) ** 2)
        )
        found[f"rewards_{horizon}"] = float(
            jnp.mean((forecast.rewards - batch.rewards) ** 2)
        )
    return found


def main():
    global CHOSEN
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--variant", default="", help="names joined by +")
    parser.add_argument("--kind", type=ModelKind, default=ModelKind.KOOPMAN)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE"
    )
    a = parser.parse_args()
    CHOSEN = frozenset(filter(None, a.variant.split("+")))
    assert set(VARIANTS) >= CHOSEN, f"choose among {', '.join(VARIANTS)}"
    if CHOSEN & set(LOSSES):
        (name,) = CHOSEN & set(LOSSES)
        loss.compute_terms = LOSSES[name]
    elif CHOSEN - {"warm"}:
        loss.compute_terms = terms
    if CHOSEN - {"warm"} - set(LOSSES):
        build.KINDS[ModelKind.KOOPMAN] = Variant
    if "warm" in CHOSEN:
        original = fitting.initial_model
        fitting.initial_model = lambda dataset, config: warm_start.warm(
            original(dataset, config), dataset
        )
    pairs = [text.split("=", 1) for text in a.set]
    values = {name: config_file.convert(name, value, "--set") for name, value in pairs}
    settings = {
        "model.kind": a.kind,
        "model.params": 300_000,
        "model.rollout_every": 5 if a.kind is ModelKind.KOOPMAN else 0,
        "train.steps": a.steps,
        "train.eval_every": a.steps,
        "train.val_windows": 64,
    }
    config, spent = config_file.build(settings | values), []
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        fitting.fit(
            a.data, run, config, report=lambda _: spent.append(time.process_time())
        )
        model = checkpoint.load(run / "last.eqx").model
    # The first call compiles, the last validates; others may compile too.
    calls = np.diff(spent[:-1])
    result = {"data": a.data.name, "variant": a.variant, "set": a.set}
    result["ms"] = round(
        1000 * float(np.median(calls)) / config.train.dispatch_steps, 1
    )
    print(json.dumps(result | errors(model, store.load(a.data), "val")))


if __name__ == "__main__":
    main()
