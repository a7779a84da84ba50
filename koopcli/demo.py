"""The whole job on data made on the spot: Pendulum-v1, no network, about two minutes.

Trajectories are collected with Minari's own collector, as a user would, by a mix of
policies: noise, slow sines, and a swing-up that pumps energy.
"""

import math
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli.config.data import IngestConfig
from koopcli.config.evaluation import EvalConfig
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig, TrainConfig
from koopcli.errors import ConfigError

DATASET_ID = "demo/pendulum/mixed-v0"
TORQUE = 2.0
ROLLOUT_STEPS = 100


@dataclass(frozen=True)
class DemoFiles:
    """Where everything is."""

    folder: Path

    @property
    def minari(self) -> Path:
        """Root of the Minari dataset."""
        return self.folder / "minari"

    @property
    def data(self) -> Path:
        """The dataset file."""
        return self.folder / "pendulum.h5"

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / "run"

    @property
    def evaluation(self) -> Path:
        """Tables and figures of the evaluation."""
        return self.folder / "eval"

    @property
    def disc(self) -> Path:
        """Picture of the eigenvalues."""
        return self.folder / "eigenvalues.png"

    @property
    def rollout(self) -> Path:
        """Picture of one rollout."""
        return self.folder / "rollout.png"

    def is_demo(self) -> bool:
        """Whether the folder holds what a demo leaves there, and nothing else.

        The question comes before a folder is deleted, so one strange name means no.
        """
        own = (
            self.minari,
            self.data,
            self.run,
            self.evaluation,
            self.disc,
            self.rollout,
        )
        if not self.minari.is_dir() or self.minari.is_symlink():
            return False
        namespace = self.minari / DATASET_ID.split("/")[0]
        stored = {*self.minari.iterdir(), *namespace.glob("*")}
        made = {
            namespace,
            namespace / "namespace_metadata.json",
            namespace / DATASET_ID.split("/")[1],
        }
        return set(self.folder.iterdir()) <= set(own) and stored <= made


def run_config(steps: int, seed: int) -> RunConfig:
    """Return the settings of the demo's training: small, for two CPU cores."""
    return RunConfig(
        model=ModelConfig(
            latent_dim=64, encoder_width=96, decoder_width=96, action_width=64
        ),
        train=TrainConfig(
            steps=steps, horizon=50, batch_size=64, seed=seed, eval_every=500
        ),
    )


def ingest_config(seed: int) -> IngestConfig:
    """Return the settings of the demo's ingest."""
    return IngestConfig(seed=seed)


def eval_config() -> EvalConfig:
    """Return the protocol of the demo's evaluation."""
    return EvalConfig(horizons=(1, 10, 50, 100))


@contextmanager
def minari_root(path: Path) -> Iterator[None]:
    """Let Minari's datasets live under `path` for a while."""
    before = os.environ.get("MINARI_DATASETS_PATH")
    os.environ["MINARI_DATASETS_PATH"] = str(path.resolve())
    try:
        yield
    finally:
        if before is None:
            del os.environ["MINARI_DATASETS_PATH"]
        else:
            os.environ["MINARI_DATASETS_PATH"] = before


def collect(root: Path, *, episodes: int, seed: int) -> None:
    """Roll out Pendulum-v1 and store the episodes as a Minari dataset under `root`.

    Raises:
        ConfigError: There is a dataset already.
    """
    import gymnasium
    import numpy as np
    from minari import DataCollector

    if root.exists():
        raise ConfigError(f"{root}: already exists; choose another or add --overwrite")
    root.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    with minari_root(root), warnings.catch_warnings():
        # Minari asks for an author and an address; a demo has neither.
        warnings.simplefilter("ignore")
        env = DataCollector(gymnasium.make("Pendulum-v1"), data_format="hdf5")
        for episode in range(episodes):
            policy = _policy(episode, rng)
            observation, _ = env.reset(seed=seed + episode)
            done, step = False, 0
            while not done:
                torque = np.clip(policy(observation, step), -TORQUE, TORQUE)
                action = np.array([torque], np.float32)
                observation, _, terminated, truncated, _ = env.step(action)
                done, step = bool(terminated or truncated), step + 1
        env.create_dataset(
            DATASET_ID,
            algorithm_name="noise, sines, swing-up",
            description="Made by `koopcli demo`.",
        )
        env.close()


def _policy(episode: int, rng: Any) -> Callable[[Any, int], float]:
    match episode % 3:
        case 0:
            return lambda observation, step: rng.uniform(-TORQUE, TORQUE)
        case 1:
            size, rate = rng.uniform(0.5, TORQUE), rng.uniform(0.02, 0.3)
            shift = rng.uniform(0, 2 * math.pi)
            return lambda observation, step: (
                size * math.sin(rate * step + shift) + rng.normal(0, 0.3)
            )
    return lambda observation, step: _swing_up(observation) + rng.normal(0, 0.3)


def _swing_up(observation: Any) -> float:
    # Push along the motion while there is too little energy to reach the top, against
    # it when there is too much. Gymnasium's pendulum has g = 10, m = l = 1, inertia
    # 1/3: energy ω²/6 + 5 cos θ, which is 5 at the top.
    cosine, _, rate = (float(value) for value in observation)
    energy = rate**2 / 6 + 5 * cosine
    return 3.0 * (5.0 - energy) * (1.0 if rate >= 0 else -1.0)


def draw_rollout(files: DemoFiles, picture: Path) -> None:
    """Draw one long rollout of the trained model against a test episode."""
    import jax.numpy as jnp
    import numpy as np

    from koopcli import plots, run_dir
    from koopcli.data import store
    from koopcli.model import checkpoint

    dataset = store.load(files.data)
    saved = checkpoint.load(run_dir.model_file(files.run))
    episode = int(dataset.splits["test"][0])
    steps = min(ROLLOUT_STEPS, int(dataset.transitions[episode]))
    row = int(dataset.observation_starts[episode])
    step = int(dataset.step_starts[episode])
    truth = dataset.observations[row : row + steps + 1]
    actions = jnp.asarray(dataset.actions[step : step + steps])
    states = saved.model.rollout(jnp.asarray(truth[0]), actions).states
    predicted = np.concatenate([truth[:1], np.asarray(states)])
    names = ["cos θ", "sin θ", "dθ/dt"]
    plots.rollout(picture, predicted, truth, names, dt=dataset.dt)
