"""A small linear world that can be computed by hand, in memory or as files."""

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from koopcli.config.model import ModelConfig
from koopcli.data.delay_embedding import embed
from koopcli.data.episode import Episode
from koopcli.data.statistics import Accumulator, Statistics
from koopcli.data.store import Dataset
from koopcli.data.writer import DatasetWriter
from koopcli.delays import Delays
from koopcli.model import checkpoint
from koopcli.model.header import ModelMeta
from koopcli.model.koopman import KoopmanModel

SPLITS = ("train", "val", "test")
TURN = np.array([[0.9, -0.2], [0.2, 0.9]])
PUSH = np.array([0.0, 0.5])


def world(lengths=(30, 20, 25), *, rewards=True, actions=1, last_known=True):
    """s' = TURN s + PUSH a, r = s[0] - 2 a; third column constant; episode 0 trains."""
    random = np.random.default_rng(0)
    states, inputs = [], []
    for length in lengths:
        action = random.normal(size=(length, actions))
        state = [random.normal(size=2)]
        for now in action:
            state.append(TURN @ state[-1] + PUSH * (now[0] if actions else 0.0))
        rows = length + 1 if last_known else length
        states.append(np.c_[np.array(state), np.full(length + 1, 3.0)][:rows])
        inputs.append(action)
    count, lengths = len(lengths), np.array(lengths)
    reward = [
        s[:t, 0] - 2 * (a[:t, 0] if actions else 0)
        for s, a, t in zip(states, inputs, lengths, strict=True)
    ]
    observed = lengths + last_known
    return Dataset(
        path=Path("world.h5"),
        observations=np.concatenate(states).astype(np.float32),
        actions=np.concatenate(inputs).astype(np.float32),
        rewards=np.concatenate(reward).astype(np.float32) if rewards else None,
        terminations=np.zeros(lengths.sum(), bool),
        truncations=np.zeros(lengths.sum(), bool),
        lengths=lengths,
        observation_starts=np.cumsum(observed) - observed,
        step_starts=np.cumsum(lengths) - lengths,
        last_observation_known=np.full(count, last_known),
        sources=tuple(f"episode {i}" for i in range(count)),
        splits={
            "train": np.array([0]),
            "val": np.zeros(0, np.int64),
            "test": np.arange(1, count),
        },
        statistics=Statistics(
            observations=summary(states[0]),
            actions=summary(inputs[0]),
            rewards=summary(reward[0][:, None]) if rewards else None,
        ),
        dt=0.1,
        dt_known=True,
        observation_names=("x", "y", "one"),
        action_names=("u",)[:actions],
        provenance={},
    )


def one_each(dataset):
    """Give the first three episodes to training, validation and test."""
    splits = dict(zip(SPLITS, np.arange(3)[:, None], strict=True))
    return replace(dataset, splits=splits)


def summary(rows):
    total = Accumulator(rows.shape[1])
    total.add(rows.astype(np.float32))
    return total.result()


def write_world(path, dataset=None):
    """Write a world to a dataset file."""
    dataset = dataset or world()
    with DatasetWriter(path) as writer:
        for number in range(len(dataset.lengths)):
            writer.add(_episode(dataset, number))
        names = ("dt", "dt_known", "observation_names", "action_names", "provenance")
        writer.finish(dataset.splits)
        writer.annotate({name: getattr(dataset, name) for name in names})
    return path


def _episode(dataset, number):
    first = dataset.observation_starts[number]
    rows = dataset.lengths[number] + dataset.last_observation_known[number]
    start = dataset.step_starts[number]
    steps = slice(start, start + dataset.lengths[number])
    rewards = dataset.rewards
    return Episode(
        observations=dataset.observations[first : first + rows],
        actions=dataset.actions[steps],
        rewards=None if rewards is None else rewards[steps],
        terminations=dataset.terminations[steps],
        truncations=dataset.truncations[steps],
        source=f"episode {number}",
    )


def model_meta(dataset, **changes):
    columns = dataset.statistics.observations
    values = {
        "model_config": ModelConfig(latent_dim=4, encoder_width=8, decoder_width=8),
        "observation_names": dataset.observation_names,
        "action_names": dataset.action_names,
        "dt": dataset.dt,
        "dt_known": True,
        "has_rewards": dataset.rewards is not None,
        "horizon": 10,
        "step": 0,
        "observation_min": tuple(columns.min.tolist()),
        "observation_max": tuple(columns.max.tolist()),
        "observation_scale": tuple(columns.scale.tolist()),
        "reward_scale": None,
    }
    return ModelMeta(**(values | changes))


def untrained(meta, seed=0):
    """A model of the right shape that has learnt nothing."""
    return KoopmanModel(meta.model_config, meta.dimensions, key=jax.random.key(seed))


def write_run(folder, meta=None, model=None):
    """Write what `predict` and `eval` need of a run folder."""
    meta = meta or model_meta(world())
    model = untrained(meta) if model is None else model
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.save(folder / "model.eqx", model, meta)
    return folder


def write_partial(path, count=2, lag=1):
    """Write the world as one sensor sees it: x alone, joined with its past.

    x[t+1] is an exact function of x[t], x[t-1], u[t] and u[t-1], but not of x[t], u[t].
    Returns the samples of x of every episode, before they were joined.
    """
    dataset = world()
    delays = Delays(count, lag, ("x",), ("u",))
    samples = []
    with DatasetWriter(path) as writer:
        for number in range(len(dataset.lengths)):
            whole = _episode(dataset, number)
            episode = replace(whole, observations=whole.observations[:, :1])
            samples.append(episode.observations[:, 0].astype(np.float64))
            writer.add(embed(episode, count, lag))
        writer.finish(dataset.splits)
        writer.annotate(
            {
                "dt": 0.1,
                "dt_known": True,
                "observation_names": list(delays.names),
                "action_names": ["u"],
                "provenance": {},
                "delays": delays.as_json() if delays.past else None,
            }
        )
    return samples
