"""What is measured: real models of given sizes, and made-up data for them."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from koopcli import config_file
from koopcli.config.benchmark import BenchmarkTrainConfig, WorkloadConfig
from koopcli.config.choices import ModelKind
from koopcli.config.training import RunConfig
from koopcli.model import sizes
from koopcli.model.build import build
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.unroll import choose
from koopcli.train.batches import DeviceData
from koopcli.train.fit import settle_reencoding

EPISODES, LENGTH = 100, 1000
"""Size of the data; what a step takes hardly depends on it."""


class SyntheticData(DeviceData):
    """Episodes of noise, made on the device; windows never reach beyond an episode."""

    def __init__(self, dims: Dimensions, horizon: int, *, key: PRNGKeyArray):
        """Draw episodes that are at least `horizon` steps long."""
        length = max(LENGTH, horizon)
        keys = jax.random.split(key, 3)
        rows = EPISODES * length
        self.states = jax.random.normal(keys[0], (rows + EPISODES, dims.state))
        self.actions = jax.random.normal(keys[1], (rows, dims.action))
        self.rewards = jax.random.normal(keys[2], (rows,)) if dims.reward else None
        offset = jnp.tile(jnp.arange(length - horizon + 1, dtype=jnp.int32), EPISODES)
        episode = jnp.repeat(
            jnp.arange(EPISODES, dtype=jnp.int32), length - horizon + 1
        )
        self.observation_rows = episode * (length + 1) + offset
        self.step_rows = episode * length + offset
        self.remaining = length - offset


def dimensions(config: WorkloadConfig) -> Dimensions:
    """Return the sizes of the data; there are rewards."""
    return Dimensions(
        state=config.observation_dim, action=config.action_dim, reward=True
    )


def settings(kind: ModelKind, horizon: int, config: WorkloadConfig) -> RunConfig:
    """Return what `koopcli train` would use: the defaults of the kind, widths resolved.

    Raises:
        ConfigError: No widths give the wanted number of parameters.
    """
    values: dict[str, object] = {"model.kind": kind, "train.horizon": horizon}
    if config.params is not None:
        values["model.params"] = config.params
    if isinstance(config, BenchmarkTrainConfig):
        values["train.batch_size"] = config.batch_size
        values["train.precision"] = config.precision
        values["train.remat"] = config.remat
    found = config_file.build(values)
    model = sizes.resolve(settle_reencoding(found, horizon), dimensions(config))
    return dataclasses.replace(found, model=model)


def default_horizon(kind: ModelKind) -> int:
    """Return the steps of the windows that a kind is trained on by default."""
    return config_file.build({"model.kind": kind}).train.horizon


def model(config: RunConfig, dims: Dimensions) -> DynamicsModel:
    """Build an untrained model, the same every time."""
    return build(config.model, dims, key=jax.random.key(0))


def unroll_name(config: RunConfig) -> str | None:
    """Return the form of the recurrence that this device gets; None without one."""
    if config.model.kind is not ModelKind.KOOPMAN:
        return None
    return choose(config.model.unroll).__name__
