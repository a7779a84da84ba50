"""How near a step is to the limit of the machine, and what the rest goes to.

The share of a part is measured by leaving it out: the step is compiled again with the part
replaced by something of the same shape that costs nothing, and timed in turn with the
whole. Parts that run at the same time, or hide behind one another, add up to less than
one, and the remainder is called `rest`: losses, the gate, the norm of the gradient.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from koopcli.benchmark import workload
from koopcli.benchmark.timing import Work, interleaved
from koopcli.benchmark.update import Update
from koopcli.config.benchmark import BenchmarkTrainConfig
from koopcli.config.model import ModelConfig
from koopcli.config.training import RunConfig
from koopcli.model.dimensions import Dimensions
from koopcli.model.dynamics import DynamicsModel
from koopcli.model.koopman import KoopmanModel
from koopcli.model.unroll import Row, Rows
from koopcli.train.batches import Batch, DeviceData, sample

HOST = "host"
REST = "rest"


class Fixed(DeviceData):
    """The same batch at every step: nothing is gathered."""

    held: Batch

    def __init__(self, data: DeviceData, held: Batch):
        """Keep `held`, of `data`."""
        for field in dataclasses.fields(data):
            setattr(self, field.name, getattr(data, field.name))
        self.held = held

    def batch(
        self, key: PRNGKeyArray, step: Int[Array, ""], config: RunConfig
    ) -> Batch:
        """Return the batch."""
        return self.held


class Free(eqx.Module):
    """A network that costs nothing: its inputs, cut or filled up with zeros."""

    size: int = eqx.field(static=True)

    def __call__(
        self, values: Float[Array, "*batch inputs"]
    ) -> Float[Array, "*batch out"]:
        """Return the right number of columns."""
        missing = max(0, self.size - values.shape[-1])
        padded = jnp.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])
        return padded[..., : self.size]

    def transformed(self, change: Any) -> "Free":
        """Return this: a change of nothing is free as well."""
        return self


class Timeless(KoopmanModel):
    """A Koopman model whose recurrence is left out."""

    def __init__(self, config: ModelConfig, dims: Dimensions, *, key: PRNGKeyArray):
        """Build an untrained model."""
        super().__init__(config, dims, key=key)

    def advance_rows(self, start: Row, drive: Rows) -> Rows:
        """Return the drive; the start takes part, so that it is still computed."""
        return drive + start[None]


def roofline(
    settings: RunConfig,
    dims: Dimensions,
    data: DeviceData,
    config: BenchmarkTrainConfig,
    limit: float,
) -> dict[str, float]:
    """Return operations and shares of a step.

    Args:
        settings: The settings of the run.
        dims: Sizes of the data.
        data: Made-up data.
        config: How to measure.
        limit: Operations per second of the machine, at matrix products.

    Returns:
        `operations` of one step, `operations_per_second`, `limit`, the `fraction` of it
        that is reached, and `share_…` of the time of a step.
    """
    whole = Update(settings, workload.model(settings, dims), data)
    variants = {"": whole, **without(settings, dims, data)}
    works = {name: each.work(config.seconds) for name, each in variants.items()}
    # No step at all: what remains is the host's, once per call.
    works[HOST] = Work(lambda: whole.run(0))
    times = interleaved(list(works.values()), config.repeats)
    seconds = dict(zip(works, (timing.median for timing in times), strict=True))
    each = seconds.pop("")
    parts = {HOST: seconds.pop(HOST) / settings.train.dispatch_steps}
    parts |= {name: each - left for name, left in seconds.items()}
    shares = {name: value / each for name, value in parts.items()}
    shares[REST] = 1 - sum(shares.values())
    done = whole.operations()
    return {
        "operations": done,
        "operations_per_second": done / each,
        "limit": limit,
        "fraction": done / each / limit,
        **{f"share_{name}": value for name, value in shares.items()},
    }


def without(
    settings: RunConfig, dims: Dimensions, data: DeviceData
) -> dict[str, Update]:
    """Return the step without one of its parts, by the name of what is left out."""
    model = workload.model(settings, dims)
    train = settings.train
    held = jax.jit(
        lambda data: sample(
            data, jax.random.key(2), batch_size=train.batch_size, horizon=train.horizon
        )
    )(data)
    found = {"gather": Update(settings, model, Fixed(data, held))}
    for name, other in _thinned(model, settings, dims).items():
        found[name] = Update(settings, other, data)
    found["optimiser"] = Update(settings, model, data, lambda _: optax.scale(-1e-6))
    return found


def _thinned(
    model: DynamicsModel, settings: RunConfig, dims: Dimensions
) -> dict[str, DynamicsModel]:
    if not isinstance(model, KoopmanModel):
        return {}
    latent = Free(2 * settings.model.latent_dim)
    outputs = (Free(dims.state), None if model.reward_head is None else Free(1))
    actions = None if model.action_encoder is None else latent
    return {
        "encoders": _replaced(model, ("encoder", "action_encoder"), (latent, actions)),
        "unroll": Timeless(settings.model, dims, key=jax.random.key(0)),
        "decoder": _replaced(model, ("decoder", "reward_head"), outputs),
    }


def _replaced(model: KoopmanModel, names: tuple, parts: tuple) -> KoopmanModel:
    return eqx.tree_at(
        lambda m: tuple(getattr(m, name) for name in names),
        model,
        parts,
        is_leaf=lambda node: node is None,
    )
