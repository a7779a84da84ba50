"""The recurrence as one kernel for GPUs: the drive is read once, the latents written once.

Each program of the kernel holds some modes of one sequence in registers and walks through
time, so that nothing but drive and latents moves between memory and chip; the gradient is
the same walk backwards, and adds up what belongs to the eigenvalues on the way. Inside,
real and imaginary parts are arrays of their own.

Written with JAX's Pallas for its Triton backend; `interpret=True` runs it anywhere, slowly,
which is how it is tested. It has not run on a GPU yet, and is no default for that reason.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton
from jaxtyping import Array, Complex, Float

from koopcli.model.unroll import Row, Rows, to_rows

MODES = 128
"""Most modes of a program: four warps, and rows of 512 bytes."""
Parts = tuple[Array, Array]
"""Real and imaginary parts."""


def fused_scan(
    eigenvalues: Complex[Array, " latent"],
    start: Row,
    drive: Rows,
    *,
    interpret: bool = False,
) -> Rows:
    """Return x[1..time] of x[t+1] = Λ x[t] + c[t]; see `koopcli.model.unroll.scan`.

    There is no forward mode (`jax.jvp`).
    """
    walk = _walk(interpret)
    real, imag = walk(_parts(to_rows(eigenvalues)), _parts(start), _parts(drive))
    return jnp.stack([real, imag], axis=1)


def _walk(interpret: bool) -> Callable[[Parts, Parts, Parts], Parts]:
    # One function with a gradient of its own per way to run; both are compiled by shape.
    @jax.custom_vjp
    def walk(eigenvalues: Parts, start: Parts, drive: Parts) -> Parts:
        return _forward(eigenvalues, start, drive, interpret)

    def keep(eigenvalues: Parts, start: Parts, drive: Parts) -> tuple:
        latents = _forward(eigenvalues, start, drive, interpret)
        return latents, (eigenvalues, start, latents)

    def adjoint(saved: tuple, cotangent: Parts) -> tuple:
        return _backward(saved, cotangent, interpret)

    walk.defvjp(keep, adjoint)
    return walk


def _forward(eigenvalues: Parts, start: Parts, drive: Parts, interpret: bool) -> Parts:
    time, modes = drive[0].shape

    def kernel(*refs):
        decay, turn, s_real, s_imag, c_real, c_imag, x_real, x_imag = refs
        a, b = decay[...], turn[...]

        def step(t, state):
            real, imag = state
            state = (a * real - b * imag + c_real[t], a * imag + b * real + c_imag[t])
            x_real[t], x_imag[t] = state
            return state

        lax.fori_loop(0, time, step, (s_real[...], s_imag[...]))

    call = _call(kernel, modes, [None] * 4 + [time] * 2, [time] * 2, interpret)
    real, imag = call(*eigenvalues, *start, *drive)
    return real, imag


def _backward(
    saved: tuple[Parts, Parts, Parts], cotangent: Parts, interpret: bool
) -> tuple[Parts, Parts, Parts]:
    # h[t] = g[t] + λ* h[t+1], with g the gradient by x[t]; that by λ is Σ h[t] x*[t-1].
    time, modes = cotangent[0].shape

    def kernel(*refs):
        decay, turn, s_real, s_imag, x_real, x_imag, g_real, g_imag = refs[:8]
        d_decay, d_turn, d_s_real, d_s_imag, h_real, h_imag = refs[8:]
        a, b = decay[...], turn[...]

        def add(t, carry, before):
            (real, imag), (sum_a, sum_b) = carry
            real, imag = real + g_real[t], imag + g_imag[t]
            h_real[t], h_imag[t] = real, imag
            sum_a = sum_a + real * before[0] + imag * before[1]
            sum_b = sum_b + imag * before[0] - real * before[1]
            return (a * real + b * imag, a * imag - b * real), (sum_a, sum_b)

        def step(i, carry):
            t = time - 1 - i
            return add(t, carry, (x_real[t - 1], x_imag[t - 1]))

        zero = jnp.zeros_like(a)
        carry = ((zero, zero), (zero, zero))
        carry = lax.fori_loop(0, time - 1, step, carry)
        (real, imag), sums = add(0, carry, (s_real[...], s_imag[...]))
        d_decay[...], d_turn[...] = sums
        d_s_real[...], d_s_imag[...] = real, imag

    lengths = [None] * 4 + [time] * 4
    call = _call(kernel, modes, lengths, [None] * 4 + [time] * 2, interpret)
    found = call(*(part for parts in (*saved, cotangent) for part in parts))
    return (found[0], found[1]), (found[2], found[3]), (found[4], found[5])


def _call(
    kernel: Callable[..., None],
    modes: int,
    inputs: Sequence[int | None],
    outputs: Sequence[int | None],
    interpret: bool,
) -> Callable[..., list[Array]]:
    # Shapes by their rows; None is a vector. Registers come in powers of two.
    block = min(MODES, modes & -modes)

    def spec(rows: int | None) -> pl.BlockSpec:
        if rows is None:
            return pl.BlockSpec((block,), lambda i: (i,))
        return pl.BlockSpec((rows, block), lambda i: (0, i))

    def shape(rows: int | None) -> jax.ShapeDtypeStruct:
        axes = (modes,) if rows is None else (rows, modes)
        return jax.ShapeDtypeStruct(axes, jnp.float32)

    return pl.pallas_call(
        kernel,
        out_shape=[shape(rows) for rows in outputs],
        grid=(modes // block,),
        in_specs=[spec(rows) for rows in inputs],
        out_specs=[spec(rows) for rows in outputs],
        interpret=interpret,
        compiler_params=triton.CompilerParams(num_warps=max(1, block // 32)),
    )


def _parts(values: Float[Array, "*axes 2 latent"]) -> Parts:
    return values[..., 0, :], values[..., 1, :]
