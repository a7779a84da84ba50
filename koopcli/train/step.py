"""Many gradient steps per call of the device, compiled once.

The number of steps is a run-time value of one `while` loop, so that a shorter last call
compiles nothing again. Losses are averaged on the device; the host sees one record per
call.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from koopcli.config import RunConfig
from koopcli.model.dynamics import DynamicsModel
from koopcli.train import loss
from koopcli.train.batches import Batch, DeviceData, sample


class TrainState(eqx.Module):
    """What changes from step to step.

    `bad_step` is -1, or the first step whose loss or gradient was not finite; from there
    on nothing is updated any more, so `parameters` are the last good ones.
    """

    parameters: DynamicsModel
    optimizer_state: optax.OptState
    step: Int[Array, ""]
    bad_step: Int[Array, ""]


def initial_state(
    parameters: DynamicsModel, optimizer: optax.GradientTransformation
) -> TrainState:
    """Return the state before the first step."""
    return TrainState(
        parameters=parameters,
        optimizer_state=optimizer.init(parameters),
        step=jnp.int32(0),
        bad_step=jnp.int32(-1),
    )


Dispatch = Callable[
    [TrainState, DynamicsModel, DeviceData, PRNGKeyArray, Int[Array, ""]],
    tuple[TrainState, dict[str, Float[Array, ""]]],
]


def make_dispatch(
    config: RunConfig, optimizer: optax.GradientTransformation
) -> Dispatch:
    """Return `run(state, frozen, data, key, count)`: `count` steps on the device.

    `frozen` holds what is not trained. The batch of step t is drawn with
    `fold_in(key, t)`. Returns the new state and the mean of every loss term.
    """

    def run(
        state: TrainState,
        frozen: DynamicsModel,
        data: DeviceData,
        key: PRNGKeyArray,
        count: Int[Array, ""],
    ) -> tuple[TrainState, dict[str, Float[Array, ""]]]:
        def one(state: TrainState) -> tuple[TrainState, dict[str, Array]]:
            batch, loss_key = batch_at(data, key, state.step, config)
            return _update(state, frozen, batch, loss_key, config, optimizer)

        def body(_: Array, carry: tuple) -> tuple:
            state, sums = carry
            state, record = one(state)
            return state, jax.tree.map(jnp.add, sums, record)

        shapes = jax.eval_shape(one, state)[1]
        zeros = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
        state, sums = lax.fori_loop(0, count, body, (state, zeros))
        return state, jax.tree.map(
            lambda total: total / count.astype(jnp.float32), sums
        )

    return jax.jit(run, donate_argnums=0)


def batch_at(
    data: DeviceData, key: PRNGKeyArray, step: Int[Array, ""], config: RunConfig
) -> tuple[Batch, PRNGKeyArray]:
    """Return the batch of a step and the key of its random decoding."""
    batch_key, loss_key = jax.random.split(jax.random.fold_in(key, step))
    batch = sample(
        data,
        batch_key,
        batch_size=config.train.batch_size,
        horizon=config.train.horizon,
    )
    return batch, loss_key


def _update(
    state: TrainState,
    frozen: DynamicsModel,
    batch: Batch,
    key: PRNGKeyArray,
    config: RunConfig,
    optimizer: optax.GradientTransformation,
) -> tuple[TrainState, dict[str, Array]]:
    def objective(parameters: DynamicsModel) -> tuple[Array, dict[str, Array]]:
        model = eqx.combine(parameters, frozen)
        return loss.total(model, batch, config.loss, key=key)

    gradient, record = jax.grad(objective, has_aux=True)(state.parameters)
    norm = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient)))
    good = jnp.isfinite(record["loss"]) & jnp.isfinite(norm) & (state.bad_step < 0)
    updates, optimizer_state = optimizer.update(
        gradient, state.optimizer_state, state.parameters
    )
    parameters = optax.apply_updates(state.parameters, updates)
    parameters, optimizer_state = _select(
        good,
        (parameters, optimizer_state),
        (state.parameters, state.optimizer_state),
    )
    first_bad = (state.bad_step < 0) & ~good
    return TrainState(
        parameters=parameters,
        optimizer_state=optimizer_state,
        step=state.step + 1,
        bad_step=jnp.where(first_bad, state.step, state.bad_step),
    ), {**record, "gradient_norm": norm}


def _select(good: Bool[Array, ""], new: tuple, old: tuple) -> tuple:
    return jax.tree.map(lambda a, b: jnp.where(good, a, b), new, old)
