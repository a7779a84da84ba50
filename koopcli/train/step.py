"""Many gradient steps per call of the device, compiled once.

The number of steps is a run-time value of one `while` loop, so that a shorter last call
compiles nothing again. Losses are averaged on the device; the host sees one record per
call. A step whose loss or gradient is not finite changes nothing; after too many of them in
a row nothing is changed any more.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax import lax
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from koopcli.config.training import RunConfig, TrainConfig
from koopcli.model.dynamics import DynamicsModel
from koopcli.train import loss, optimizer, remat, sharding, step_weights
from koopcli.train.batches import Batch, DeviceData, step_keys
from koopcli.train.optimizer import Rates
from koopcli.train.precision import lowered
from koopcli.train.step_weights import Misses
from koopcli.train.streaming import StreamedData

Data = DeviceData | StreamedData
"""Where a call of the device finds its windows."""
Build = Callable[[Rates], optax.GradientTransformation]
"""How the optimiser is made from its numbers."""
PROGRAMS = 16
"""Most programs that are kept: those of a comparison of all kinds, seed by seed, with three
stages each. A sweep has hundreds of settings, whose programs must not pile up."""


class TrainState(eqx.Module):
    """What changes from step to step.

    Attributes:
        parameters: What is trained; always finite.
        optimizer_state: As optax has it.
        step: Gradient steps taken, skipped ones included.
        bad_steps: How many steps up to now were skipped in a row.
        errors: Running mean of the error of each step ahead, of the longest windows.
    """

    parameters: DynamicsModel
    optimizer_state: optax.OptState
    step: Int[Array, ""]
    bad_steps: Int[Array, ""]
    errors: Float[Array, " time"]


class Record(eqx.Module):
    """What a call of the device says of its steps.

    Attributes:
        means: Every loss term and the norm of the gradient, over the steps that counted;
            NaN if none did.
        skipped: Which steps of the call did not; longer than the call.
    """

    means: dict[str, Float[Array, ""]]
    skipped: Bool[Array, " step"]


def initial_state(
    parameters: DynamicsModel, config: RunConfig, build: Build | None = None
) -> TrainState:
    """Return the state before the first step of a run."""
    rates = optimizer.rates(config.optimizer, config.train.steps)
    build = build or optimizer.METHODS[config.optimizer.method]
    return TrainState(
        parameters=parameters,
        optimizer_state=build(rates).init(parameters),
        step=jnp.int32(0),
        bad_steps=jnp.int32(0),
        errors=step_weights.unknown(config.train.horizon),
    )


Dispatch = Callable[
    [TrainState, DynamicsModel, Data, PRNGKeyArray, Int[Array, ""]],
    tuple[TrainState, Record],
]


def make_dispatch(
    config: RunConfig, mesh: Mesh | None = None, build: Build | None = None
) -> Dispatch:
    """Return `run(state, frozen, data, key, count)`: `count` steps on the device.

    `frozen` holds what is not trained. The batch of step t is drawn with
    `fold_in(key, t)`. On the devices of `mesh`, each gathers its share of the windows.

    Runs that differ by nothing but their seed, their rates or their length share the
    program, which takes seconds to trace and many more to compile.
    """
    train = config.train
    compiled_for = RunConfig(
        model=config.model,
        loss=config.loss,
        train=TrainConfig(
            batch_size=train.batch_size,
            horizon=train.horizon,
            dispatch_steps=train.dispatch_steps,
            max_bad_steps=train.max_bad_steps,
            precision=train.precision,
            remat=train.remat,
        ),
    )
    rates = optimizer.rates(config.optimizer, train.steps)
    build = build or optimizer.METHODS[config.optimizer.method]
    program = _program(compiled_for, mesh, build)
    return partial(program, sharding.replicate(rates, mesh))


@lru_cache(maxsize=PROGRAMS)
def _program(config: RunConfig, mesh: Mesh | None, build: Build) -> Callable[..., Any]:
    gradient = sharding.spread(partial(_gradient, config=config), mesh)

    # Traced once, although its result is asked for twice.
    @partial(jax.jit, inline=True)
    def one(
        state: TrainState,
        rates: Rates,
        frozen: DynamicsModel,
        data: Data,
        key: PRNGKeyArray,
    ) -> tuple[TrainState, dict[str, Array], Array]:
        batch, loss_key = batch_at(data, key, state.step, config)
        errors = state.errors[: config.train.horizon]
        found = gradient(batch, state.parameters, frozen, loss_key, errors)
        return _update(state, *found, config.train.max_bad_steps, build(rates))

    def run(
        rates: Rates,
        state: TrainState,
        frozen: DynamicsModel,
        data: Data,
        key: PRNGKeyArray,
        count: Int[Array, ""],
    ) -> tuple[TrainState, Record]:
        def body(index: Array, carry: tuple) -> tuple:
            state, sums, skipped = carry
            state, record, good = one(state, rates, frozen, data, key)
            # Not `good * term`: the term of a skipped step may be NaN.
            sums = jax.tree.map(
                lambda total, term: total + jnp.where(good, term, 0.0), sums, record
            )
            return state, sums, skipped.at[index].set(~good)

        shapes = jax.eval_shape(one, state, rates, frozen, data, key)[1]
        zeros = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
        none = jnp.zeros(config.train.dispatch_steps, bool)
        state, sums, skipped = lax.fori_loop(0, count, body, (state, zeros, none))
        # NaN, not 0, if none counted: a loss of 0 would be the best one ever.
        counted = (count - jnp.sum(skipped)).astype(jnp.float32)
        means = jax.tree.map(
            lambda total: jnp.where(counted > 0, total / counted, jnp.nan), sums
        )
        return state, Record(means=means, skipped=skipped)

    return jax.jit(
        run,
        donate_argnums=1,
        out_shardings=sharding.everywhere(mesh),
        compiler_options=sharding.compiler_options(mesh),
    )


def batch_at(
    data: Data, key: PRNGKeyArray, step: Int[Array, ""], config: RunConfig
) -> tuple[Batch, PRNGKeyArray]:
    """Return the batch of a step and the key of its random decoding."""
    batch_key, loss_key = step_keys(key, step)
    return data.batch(batch_key, step, config), loss_key


def _gradient(
    batch: Batch,
    parameters: DynamicsModel,
    frozen: DynamicsModel,
    key: PRNGKeyArray,
    errors: Float[Array, " time"],
    config: RunConfig,
) -> tuple[DynamicsModel, tuple[dict[str, Array], Misses]]:
    def objective(
        parameters: DynamicsModel, part: Batch
    ) -> tuple[Array, tuple[dict[str, Array], Misses]]:
        model = lowered(eqx.combine(parameters, frozen), config.train.precision)
        return loss.total(model, part, config.loss, key=key, errors=errors)

    count = remat.slices(
        config.train, batch.mask.shape[1], objective, parameters, batch
    )
    gradient = jax.grad(objective, has_aux=True)
    return remat.accumulate(lambda part: gradient(parameters, part), batch, count)


def _update(
    state: TrainState,
    gradient: DynamicsModel,
    found: tuple[dict[str, Array], Misses],
    max_bad_steps: int,
    optimizer: optax.GradientTransformation,
) -> tuple[TrainState, dict[str, Array], Bool[Array, ""]]:
    record, misses = found
    norm = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(gradient)))
    finite = jnp.isfinite(record["loss"]) & jnp.isfinite(norm)
    good = finite & (state.bad_steps <= max_bad_steps)
    updates, optimizer_state = optimizer.update(
        gradient, state.optimizer_state, state.parameters
    )
    parameters = optax.apply_updates(state.parameters, updates)
    errors = step_weights.follow(state.errors, misses)
    parameters, optimizer_state, errors = _select(
        good,
        (parameters, optimizer_state, errors),
        (state.parameters, state.optimizer_state, state.errors),
    )
    following = TrainState(
        parameters=parameters,
        optimizer_state=optimizer_state,
        step=state.step + 1,
        bad_steps=jnp.where(good, 0, state.bad_steps + 1),
        errors=errors,
    )
    return following, {**record, "gradient_norm": norm}, good


def _select(good: Bool[Array, ""], new: tuple, old: tuple) -> tuple:
    return jax.tree.map(lambda a, b: jnp.where(good, a, b), new, old)
