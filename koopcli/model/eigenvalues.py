"""The diagonal Λ of the dynamics: parameters, starting points, guarantees.

In continuous time a mode is dx/dt = (μ + iω) x. Sampled with the learnable time step Δ
(in the model's own unit of time, not in seconds) it has the discrete eigenvalue
λ = exp(Δ (μ + iω)), and a zero-order hold multiplies its input by
(exp(Δ (μ + iω)) - 1) / (μ + iω). Source: Mondal et al. 2024, arXiv:2306.11941.

What is stored is real, and *per step*: `decay` and `phase` say what one step of the
initial size Δ₀ does (μ Δ₀ and ω Δ₀). The functions that can be represented are the same
as with μ and ω, but an optimiser step changes every mode's phase by a comparable angle,
whatever Δ₀ and the number of modes.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float, PRNGKeyArray

from koopcli.config.choices import Discretisation, Initialisation, Stability
from koopcli.config.model import ModelConfig

DECAY_RANGE = (-0.3, -0.1)
"""Interval of μ under `decay-range`."""
CONSTANT_DECAY = -0.2
"""μ under `constant-decay`."""
STRICT_ROTATION = -1e-3
"""μ under `rotation` when stability is strict, where μ = 0 has no finite parameter."""


class Eigenvalues(eqx.Module):
    """`λ = exp((Δ / Δ₀) (-d + i φ))` with per-step decay d and phase φ.

    d = exp(decay) when strict, so |λ| <= 1 whatever the parameters; d = -decay when soft
    or free; d = Δ₀ (0.1 + 0.2 sigmoid(decay)) under `decay-range`, which keeps μ inside
    [-0.3, -0.1]. Without discretisation Δ = Δ₀ is fixed and inputs are not held.

    Attributes:
        decay: Parameter of the decay.
        phase: Radians per step of size Δ₀.
        log_time_step: log Δ, or None in discrete time.
        initial_time_step: Δ₀.
        decay_map: `strict`, `signed` or `range`.
    """

    decay: Float[Array, " latent"]
    phase: Float[Array, " latent"]
    log_time_step: Float[Array, ""] | None
    initial_time_step: float = eqx.field(static=True)
    decay_map: str = eqx.field(static=True)

    def __init__(self, config: ModelConfig, *, key: PRNGKeyArray):
        """Start at the point that `config.init` names."""
        step = config.time_step or 1.0 / config.latent_dim
        rate, phase = _initial(config, step, key)
        self.phase = phase
        self.initial_time_step = step
        self.log_time_step = (
            jnp.log(jnp.float32(step))
            if config.discretisation is Discretisation.ZOH
            else None
        )
        if config.init is Initialisation.DECAY_RANGE:
            low, high = DECAY_RANGE
            share = jnp.clip((-rate / step + high) / (high - low), 1e-3, 1 - 1e-3)
            self.decay_map, self.decay = "range", jnp.log(share / (1 - share))
        elif config.stability is Stability.STRICT:
            rate = jnp.minimum(rate, STRICT_ROTATION * step)
            self.decay_map, self.decay = "strict", jnp.log(-rate)
        else:
            self.decay_map, self.decay = "signed", rate

    def log(self) -> Complex[Array, " latent"]:
        """`log λ` on the branch of the parameters: Δ (μ + iω)."""
        match self.decay_map:
            case "strict":
                rate = -jnp.exp(self.decay)
            case "range":
                low, high = DECAY_RANGE
                rate = high - (high - low) * jax.nn.sigmoid(self.decay)
                rate = rate * self.initial_time_step
            case _:
                rate = self.decay
        stretch = self.time_step() / self.initial_time_step
        return lax.complex(rate * stretch, self.phase * stretch)

    def __call__(self) -> Complex[Array, " latent"]:
        """Return the discrete-time eigenvalues λ."""
        return jnp.exp(self.log())

    def time_step(self) -> Float[Array, ""]:
        """Return Δ, positive by construction."""
        if self.log_time_step is None:
            return jnp.float32(self.initial_time_step)
        return jnp.exp(self.log_time_step)

    def hold(self) -> Complex[Array, " latent"]:
        """Return the factor of the input: `Δ expm1(z) / z`, z = log λ; 1 if discrete.

        The form with expm1 has the limit Δ at z = 0, where (e^z - 1) / μ is 0 / 0.
        """
        exponent = self.log()
        if self.log_time_step is None:
            return jnp.ones_like(exponent)
        step = lax.complex(self.time_step(), jnp.float32(0))
        return step * _expm1_ratio(exponent)


def _initial(
    config: ModelConfig, step: float, key: PRNGKeyArray
) -> tuple[Float[Array, " latent"], Float[Array, " latent"]]:
    # Returns μ Δ₀ and ω Δ₀. ω_j = j π with j from 0, and Δ₀ = 1 / m by default: the
    # phases j π / m then fill [0, π) evenly. A larger Δ₀ folds them onto each other
    # (Δ₀ = 1 puts all of them on the real axis).
    modes = config.latent_dim
    ladder = jnp.arange(modes, dtype=jnp.float32) * (np.pi * step)
    decay_key, phase_key = jax.random.split(key)
    uniform = jax.random.uniform(decay_key, (modes,))
    match config.init:
        case Initialisation.ROTATION:
            return jnp.zeros(modes), ladder
        case Initialisation.CONSTANT_DECAY:
            return jnp.full(modes, CONSTANT_DECAY * step), ladder
        case Initialisation.DECAY_RANGE:
            low, high = DECAY_RANGE
            return (low + (high - low) * uniform) * step, ladder
        case Initialisation.RING:
            # |λ|² uniform between the squared radii is uniform in the area of the ring.
            # Source: Orvieto et al. 2023, arXiv:2303.06349 (LRU initialisation).
            inner, outer = config.ring_min**2, config.ring_max**2
            squared = inner + (outer - inner) * uniform
            phase = jax.random.uniform(phase_key, (modes,)) * config.ring_max_phase
            return 0.5 * jnp.log(squared), phase


def _expm1_ratio(z: Complex[Array, " latent"]) -> Complex[Array, " latent"]:
    # Both branches must be finite for finite gradients, so the division never sees 0.
    real, imag = jnp.real(z), jnp.imag(z)
    small = real**2 + imag**2 < 1e-6
    half = jnp.sin(imag / 2)
    exp_minus_1 = lax.complex(
        jnp.expm1(real) * jnp.cos(imag) - 2 * half**2, jnp.exp(real) * jnp.sin(imag)
    )
    safe = jnp.where(small, jnp.ones_like(z), z)
    series = 1 + z / 2 + z**2 / 6
    return jnp.where(small, series, exp_minus_1 / safe)
