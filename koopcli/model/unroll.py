"""x[t+1] = Λ x[t] + c[t] over a whole horizon, in three ways that agree.

Because the recurrence is linear and Λ diagonal, mode j after k steps is

    x_j[k] = λ_j^k x_j[0] + Σ_{l<k} λ_j^(k-1-l) c_j[l],

a causal convolution of the drive c with the powers of λ_j, the rows of a Vandermonde
matrix (Mondal et al. 2024, arXiv:2306.11941). Every function takes ONE sequence and
returns x[1..time]; batch with `jax.vmap`. `scan` is the definition and the oracle of the
others.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex

from koopcli.config.choices import Unroll

UnrollFunction = Callable[
    [
        Complex[Array, " latent"],
        Complex[Array, " latent"],
        Complex[Array, "time latent"],
    ],
    Complex[Array, "time latent"],
]


def scan(
    eigenvalues: Complex[Array, " latent"],
    start: Complex[Array, " latent"],
    drive: Complex[Array, "time latent"],
) -> Complex[Array, "time latent"]:
    """Step by step: O(time) steps of O(latent) work.

    Real and imaginary parts are carried as two real arrays, which XLA's CPU backend
    vectorises and complex numbers are not. Vectorise over a batch at axis 1 of `drive`
    (`in_axes=1, out_axes=1`): time then stays the leading axis and nothing is copied.
    """
    decay, turn = jnp.real(eigenvalues), jnp.imag(eigenvalues)

    def step(carry: tuple[Array, Array], c: tuple[Array, Array]) -> tuple:
        real, imag = carry
        state = (decay * real - turn * imag + c[0], decay * imag + turn * real + c[1])
        return state, state

    first, inputs = (
        (jnp.real(start), jnp.imag(start)),
        (jnp.real(drive), jnp.imag(drive)),
    )
    parts: tuple[Array, Array] = lax.scan(step, first, inputs)[1]
    return lax.complex(*parts)


def associative(
    eigenvalues: Complex[Array, " latent"],
    start: Complex[Array, " latent"],
    drive: Complex[Array, "time latent"],
) -> Complex[Array, "time latent"]:
    """Parallel prefix: O(log time) depth. Source: Blelloch 1990, prefix sums."""
    factors = jnp.broadcast_to(eigenvalues, drive.shape)
    first = drive[:1] + (eigenvalues * start)[None]
    drive = jnp.concatenate([first, drive[1:]])

    def combine(earlier: tuple[Array, Array], later: tuple[Array, Array]) -> tuple:
        return later[0] * earlier[0], later[0] * earlier[1] + later[1]

    return lax.associative_scan(combine, (factors, drive))[1]


def conv(
    eigenvalues: Complex[Array, " latent"],
    start: Complex[Array, " latent"],
    drive: Complex[Array, "time latent"],
) -> Complex[Array, "time latent"]:
    """The paper's form: FFT convolution of the drive with the powers of λ.

    The sequences are padded to twice the horizon, so that the circular convolution of
    the FFT is the causal one. Growing modes (|λ| > 1) mix large and small numbers in one
    transform and lose digits; use `scan` for those.
    """
    time = drive.shape[0]
    powers = vandermonde(eigenvalues, time)
    length = 2 * time
    product = jnp.fft.fft(powers[:-1], length, axis=0) * jnp.fft.fft(
        drive, length, axis=0
    )
    forced = jnp.fft.ifft(product, axis=0)[:time]
    return powers[1:] * start[None] + forced


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
