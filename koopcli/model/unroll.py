"""x[t+1] = Λ x[t] + c[t] over a whole horizon, in three ways that agree.

Because the recurrence is linear and Λ diagonal, mode j after k steps is

    x_j[k] = λ_j^k x_j[0] + Σ_{l<k} λ_j^(k-1-l) c_j[l],

a causal convolution of the drive c with the powers of λ_j, the rows of a Vandermonde
matrix (Mondal et al. 2024, arXiv:2306.11941). Every function takes ONE sequence and
returns x[1..time]; batch with `jax.vmap`. `scan` is the definition and the oracle of the
others.

Latents and drive are rows: real parts, then imaginary ones, as networks take and give them
(`networks.pack` reads such numbers as complex). XLA's CPU backend vectorises real numbers,
and complex ones it does not.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex, Float

from koopcli.config.choices import Unroll

Row = Float[Array, "2 latent"]
Rows = Float[Array, "time 2 latent"]
UnrollFunction = Callable[[Complex[Array, " latent"], Row, Rows], Rows]


def to_rows(values: Complex[Array, "*axes latent"]) -> Float[Array, "*axes 2 latent"]:
    """Write complex numbers as rows."""
    return jnp.stack([jnp.real(values), jnp.imag(values)], axis=-2)


def to_complex(
    values: Float[Array, "*axes 2 latent"],
) -> Complex[Array, "*axes latent"]:
    """Read rows as complex numbers."""
    return lax.complex(values[..., 0, :], values[..., 1, :])


def split(parts: Float[Array, "*axes parts"]) -> Float[Array, "*axes 2 latent"]:
    """Read what a network gives, real parts and then imaginary ones, as rows."""
    return parts.reshape(*parts.shape[:-1], 2, parts.shape[-1] // 2)


def join(values: Float[Array, "*axes 2 latent"]) -> Float[Array, "*axes parts"]:
    """Write rows as networks take them: the reverse of `split`."""
    return values.reshape(*values.shape[:-2], 2 * values.shape[-1])


def multiply(
    factor: Complex[Array, " latent"], values: Float[Array, "*axes 2 latent"]
) -> Float[Array, "*axes 2 latent"]:
    """Multiply rows by complex numbers."""
    return _multiply(jnp.real(factor), jnp.imag(factor), values)


def scan(eigenvalues: Complex[Array, " latent"], start: Row, drive: Rows) -> Rows:
    """Step by step: O(time) steps of O(latent) work.

    Vectorise over a batch at axis 1 of `drive` (`in_axes=1, out_axes=1`): time then stays
    the leading axis and nothing is copied. The gradient keeps nothing but the latents.
    There is no forward mode (`jax.jvp`); `associative` has one.
    """
    return _walk(jnp.real(eigenvalues), jnp.imag(eigenvalues), start, drive)


@jax.custom_vjp
def _walk(
    decay: Float[Array, " latent"],
    turn: Float[Array, " latent"],
    start: Row,
    drive: Rows,
) -> Rows:
    # One array, not one for each part: a step is then two of XLA's kernels and not five,
    # and starting these is most of what a step of a small batch costs.
    def step(row: Array, c: Array) -> tuple[Array, Array]:
        row = _multiply(decay, turn, row) + c
        return row, row

    return lax.scan(step, start, drive)[1]


def _keep(decay: Array, turn: Array, start: Array, drive: Array) -> tuple:
    latents = _walk(decay, turn, start, drive)
    return latents, (decay, turn, start, latents)


def _back(kept: tuple, arriving: Rows) -> tuple[Array, Array, Array, Array]:
    # The same recurrence from the end, with conj(Λ). What belongs to Λ, the products of
    # each latent with what arrives at its successor, is added up on the way: for a sum over
    # all steps afterwards XLA takes longer than for both recurrences.
    decay, turn, start, latents = kept

    def step(carry: tuple, inputs: tuple) -> tuple[tuple, Array]:
        (row, straight, crossed), (more, latent) = carry, inputs
        straight, crossed = straight + latent * row, crossed + latent * row[::-1]
        row = _multiply(decay, -turn, row) + more
        return (row, straight, crossed), row

    carry = (jnp.zeros_like(start),) * 3
    carry, for_drive = lax.scan(step, carry, (arriving, latents), reverse=True)
    row, straight, crossed = carry
    straight, crossed = straight + start * row, crossed + start * row[::-1]
    for_decay, for_turn = jnp.sum(straight, 0), crossed[0] - crossed[1]
    return for_decay, for_turn, _multiply(decay, -turn, row), for_drive


_walk.defvjp(_keep, _back)


def _multiply(
    real: Float[Array, " latent"],
    imag: Float[Array, " latent"],
    values: Float[Array, "*axes 2 latent"],
) -> Float[Array, "*axes 2 latent"]:
    over = (1,) * (values.ndim - 2)
    straight = real.reshape(*over, 1, real.size)
    crossed = jnp.stack([-imag, imag]).reshape(*over, 2, imag.size)
    return straight * values + crossed * values[..., ::-1, :]


def associative(
    eigenvalues: Complex[Array, " latent"], start: Row, drive: Rows
) -> Rows:
    """Parallel prefix: O(log time) depth. Source: Blelloch 1990, prefix sums."""
    added = to_complex(drive)
    factors = jnp.broadcast_to(eigenvalues, added.shape)
    first = added[:1] + (eigenvalues * to_complex(start))[None]
    added = jnp.concatenate([first, added[1:]])

    def combine(earlier: tuple[Array, Array], later: tuple[Array, Array]) -> tuple:
        return later[0] * earlier[0], later[0] * earlier[1] + later[1]

    return to_rows(lax.associative_scan(combine, (factors, added))[1])


def conv(eigenvalues: Complex[Array, " latent"], start: Row, drive: Rows) -> Rows:
    """The paper's form: FFT convolution of the drive with the powers of λ.

    The sequences are padded to twice the horizon, so that the circular convolution of
    the FFT is the causal one. Growing modes (|λ| > 1) mix large and small numbers in one
    transform and lose digits; use `scan` for those.
    """
    time = drive.shape[0]
    powers = vandermonde(eigenvalues, time)
    length = 2 * time
    product = jnp.fft.fft(powers[:-1], length, axis=0) * jnp.fft.fft(
        to_complex(drive), length, axis=0
    )
    forced = jnp.fft.ifft(product, axis=0)[:time]
    return to_rows(powers[1:] * to_complex(start)[None] + forced)


def vandermonde(
    eigenvalues: Complex[Array, " latent"], time: int
) -> Complex[Array, "power latent"]:
    """Return the powers λ^0 … λ^time, one row each.

    Products by doubling rather than exp(k log λ): λ = 0 needs no special case, and the
    phase of a high power is not rounded to float32 before its sine is taken.
    """
    ones = jnp.ones_like(eigenvalues)[None]
    repeated = jnp.broadcast_to(eigenvalues, (time, *eigenvalues.shape))
    return jnp.concatenate([ones, lax.associative_scan(jnp.multiply, repeated)])


def choose(unroll: Unroll) -> UnrollFunction:
    """Return the function for `unroll`; `auto` decides by the backend in use.

    On CPU `scan` measured fastest (docs/benchmarks.md). On accelerators the choice is
    the paper's convolution; neither it nor `fused` has been measured there yet. `fused` is
    a kernel for GPUs: elsewhere, where a model that was trained with it is used too, it is
    `scan`.
    """
    backend = jax.default_backend()
    if unroll is Unroll.AUTO:
        unroll = Unroll.SCAN if backend == "cpu" else Unroll.CONV
    if unroll is Unroll.FUSED and backend == "gpu":
        # Not above: importing Pallas takes time that nobody else needs to spend.
        from koopcli.model.fused_scan import fused_scan

        return fused_scan
    forms: dict[Unroll, UnrollFunction] = {
        Unroll.SCAN: scan,
        Unroll.CONV: conv,
        Unroll.ASSOCIATIVE: associative,
        Unroll.FUSED: scan,
    }
    return forms[unroll]
