"""VERB: every form of the recurrence against the least it could take -> results.

The floor: the drive is read once and the latents are written once; with the gradient, what
arrives at the latents is read once and what goes to the drive is written once, besides.
These bytes over the bandwidth of a pass over memory are the least time.
"""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from koopcli import device
from koopcli.benchmark import machine, memory
from koopcli.benchmark.timing import Timing, Work, interleaved
from koopcli.benchmark.train import too_large
from koopcli.config.benchmark import BenchmarkUnrollConfig
from koopcli.config.choices import Unroll
from koopcli.model.unroll import UnrollFunction, choose

ROUNDS = 3
"""Unrolls per call: memory that is fresh at the first is in use at the others."""
MODULUS = 0.99
BYTES = 4
"""Of a real number; a complex one is two."""
PASSES = {"forward": 2, "gradient": 4}
"""How often an array of time x batch x latent must move, by what is computed."""


@dataclass(frozen=True, kw_only=True)
class UnrollResult:
    """What was found for one form; None where it did not run.

    Attributes:
        unroll: The form.
        passes: `forward`, or `gradient`: that and the way back.
        horizon: Steps.
        batch_size: Sequences.
        latent_dim: Complex latents.
        iterations_per_second: Unrolls per second, median of the rounds.
        seconds: Of one.
        floor_seconds: The least it could take.
        ratio_to_floor: How many times that it takes.
        compile_seconds: Tracing and compiling.
        peak_bytes: Memory, as XLA computes it.
        bandwidth: Bytes per second that the floor assumes.
        note: Why it did not run.
    """

    unroll: str
    passes: str
    horizon: int
    batch_size: int
    latent_dim: int
    iterations_per_second: float | None = None
    seconds: float | None = None
    floor_seconds: float | None = None
    ratio_to_floor: float | None = None
    compile_seconds: float | None = None
    peak_bytes: int | None = None
    bandwidth: float | None = None
    note: str | None = None


Batch = Float[Array, "time batch 2 latent"]


@dataclass(frozen=True)
class Inputs:
    """What a recurrence reads, time first, and what arrives at its latents."""

    eigenvalues: Complex[Array, " latent"]
    start: Float[Array, "batch 2 latent"]
    drive: Batch
    arriving: Batch


def measure(
    config: BenchmarkUnrollConfig | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[UnrollResult]:
    """Time every form, forward and with the gradient, in turn; one horizon at a time."""
    config = config or BenchmarkUnrollConfig()
    return [
        result
        for horizon in config.horizons
        for result in _measure(horizon, config, tell)
    ]


def _measure(
    horizon: int, config: BenchmarkUnrollConfig, tell: Callable[[str], None]
) -> list[UnrollResult]:
    inputs = _inputs(horizon, config)
    numbers = inputs.drive.size
    results, works = [], {}
    for form in forms():
        for passes in PASSES:
            result, work = _prepare(form, passes, inputs)
            tell(f"{form}, {passes}, horizon {horizon}: {result.note or 'compiled'}")
            results.append(result)
            if work is not None:
                works[len(results) - 1] = work
    # The copy has its turn among the others: both suffer from what else runs.
    copy, *times = interleaved(
        [machine.copying(numbers), *works.values()], config.repeats, tell
    )
    bandwidth = machine.bandwidth(numbers, copy)
    found = dict(zip(works, times, strict=True))
    return [
        _timed(result, numbers, bandwidth, found.get(number))
        for number, result in enumerate(results)
    ]


def _inputs(horizon: int, config: BenchmarkUnrollConfig) -> Inputs:
    batch, latent = config.batch_size, config.latent_dim
    keys = jax.random.split(jax.random.key(0), 4)
    angle = jax.random.uniform(keys[0], (latent,)) * jnp.pi
    return Inputs(
        eigenvalues=MODULUS * jax.lax.complex(jnp.cos(angle), jnp.sin(angle)),
        start=jax.random.normal(keys[1], (batch, 2, latent)),
        drive=jax.random.normal(keys[2], (horizon, batch, 2, latent)),
        arriving=jax.random.normal(keys[3], (horizon, batch, 2, latent)),
    )


def forms() -> list[Unroll]:
    """Return the forms that differ on the backend in use."""
    alike = (
        {Unroll.AUTO} if jax.default_backend() == "gpu" else {Unroll.AUTO, Unroll.FUSED}
    )
    return [form for form in Unroll if form not in alike]


def _prepare(
    form: Unroll, passes: str, inputs: Inputs
) -> tuple[UnrollResult, Work | None]:
    steps, batch, _, latent = inputs.drive.shape
    empty = UnrollResult(
        unroll=str(form),
        passes=passes,
        horizon=steps,
        batch_size=batch,
        latent_dim=latent,
    )
    arguments: tuple[Any, ...] = (inputs.eigenvalues, inputs.start, inputs.drive)
    if passes == "gradient":
        arguments = (*arguments, inputs.arriving)
    go = repeated(choose(form), passes)
    begin = time.perf_counter()
    try:
        compiled = jax.jit(go).lower(*arguments).compile()
        seconds = time.perf_counter() - begin
        needed, there = memory.program_bytes(compiled), device.memory()
        result = dataclasses.replace(empty, compile_seconds=seconds, peak_bytes=needed)
        if needed is not None and needed > there:
            return dataclasses.replace(result, note=too_large(needed, there)), None
        work = Work(lambda: jax.block_until_ready(compiled(*arguments)), ROUNDS)
        work.run()
    except jax.errors.JaxRuntimeError as error:
        if not device.does_not_fit(error):
            raise
        return dataclasses.replace(empty, note="does not fit into memory"), None
    return result, work


def repeated(unroll: UnrollFunction, passes: str) -> Callable[..., Array]:
    """Return a program that unrolls `ROUNDS` times, and cannot do any less.

    Each round waits for the last, through a number that it adds to the start; and that
    number is picked from the results where only the run knows, so all are written.
    """
    batched = jax.vmap(unroll, in_axes=(None, 0, 1), out_axes=1)

    def go(eigenvalues: Array, start: Array, *arrays: Batch) -> Array:
        def one(index: Array, picked: Array) -> Array:
            held, begin = jax.lax.optimization_barrier((arrays, start + picked))
            if passes == "forward":
                return _pick(index, batched(eigenvalues, begin, held[0]))
            latents, back = jax.vjp(batched, eigenvalues, begin, held[0])
            returned = back(held[1])
            return sum((_pick(index, each) for each in (latents, *returned)), picked)

        return jax.lax.fori_loop(0, ROUNDS, one, jnp.float32(0))

    return go


def _pick(index: Array, values: Array) -> Array:
    place = index % values.shape[0]
    row = jax.lax.dynamic_index_in_dim(values, place, keepdims=False)
    return 1e-9 * jnp.real(row.ravel()[0])


def _timed(
    result: UnrollResult, numbers: int, bandwidth: float, timing: Timing | None
) -> UnrollResult:
    floor = PASSES[result.passes] * BYTES * numbers / bandwidth
    result = dataclasses.replace(result, floor_seconds=floor, bandwidth=bandwidth)
    if timing is None:
        return result
    return dataclasses.replace(
        result,
        seconds=timing.median,
        iterations_per_second=1 / timing.median,
        ratio_to_floor=timing.median / floor,
    )
