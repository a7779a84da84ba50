"""One eigenvalue read as a damped oscillation (docs/spectrum.md has every formula)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

TOLERANCE = 1e-6
"""Moduli closer to 1 than this are marginal: float32 cannot tell them from 1."""
NYQUIST_SHARE = 0.99
"""Phases above this share of π are flagged: their frequency may be an alias."""
REAL_PHASE = 1e-6
"""Phases (rad per step) up to this, or as close to π, count as real."""
WINDOWS = 10
"""Time constants of more training windows than this were hardly seen in training."""


@dataclass(frozen=True)
class Mode:
    """One eigenvalue λ, with s = log(λ) / dt on the principal branch.

    Attributes:
        index: Place among the model's latents.
        real: Re λ.
        imag: Im λ.
        modulus: |λ|; below 1 decays, above 1 grows.
        phase: arg λ, radians per step, in (-π, π].
        margin: 1 - |λ|, the distance to the unit circle.
        growth_rate: Re s = log|λ| / dt, 1/s; -inf for λ = 0.
        frequency_hz: |arg λ| / (2π dt).
        period_s: 1 / frequency; inf for a positive real λ.
        natural_frequency_hz: |s| / 2π.
        damping_ratio: -Re s / |s|; NaN at s = 0.
        half_life_s: Seconds until the amplitude halves; NaN unless stable.
        half_life_steps: The same in steps.
        time_constant_s: Seconds until the amplitude falls to 1/e; NaN unless stable.
        settling_time_s: Four time constants (2 % of the amplitude is left).
        shape: `real` or `complex`.
        stability: `stable`, `marginal` or `unstable`.
        nyquist: Whether |arg λ| is within 1 % of π; true for every negative real λ.
        wrapped: Whether the model's own phase lies outside (-π, π], so that the
            frequency given here is an alias of it; data at this dt cannot tell.
        slow: Whether the time constant exceeds `WINDOWS` training windows, or is
            infinite: training hardly saw this mode decay.
    """

    index: int
    real: float
    imag: float
    modulus: float
    phase: float
    margin: float
    growth_rate: float
    frequency_hz: float
    period_s: float
    natural_frequency_hz: float
    damping_ratio: float
    half_life_s: float
    half_life_steps: float
    time_constant_s: float
    settling_time_s: float
    shape: str
    stability: str
    nyquist: bool
    wrapped: bool
    slow: bool

    @property
    def value(self) -> complex:
        """Return λ."""
        return complex(self.real, self.imag)


def describe(
    values: Complex[np.ndarray, " latent"],
    dt: float,
    window_s: float = math.inf,
    phases: Float[np.ndarray, " latent"] | None = None,
) -> tuple[Mode, ...]:
    """Describe each discrete-time eigenvalue, slowest decay first.

    Args:
        values: The eigenvalues.
        dt: Seconds per step.
        window_s: Length of a training window, for `Mode.slow`.
        phases: Phases as the model keeps them; None: those of the eigenvalues.
    """
    own = np.angle(values) if phases is None else phases
    order = np.argsort(-np.abs(values), kind="stable")
    return tuple(
        _mode(int(j), complex(values[j]), dt, window_s, float(own[j])) for j in order
    )


def values_of(modes: Sequence[Mode]) -> Complex[np.ndarray, " latent"]:
    """Return λ of modes, in their order."""
    return np.array([mode.value for mode in modes], np.complex128)


def _mode(index: int, value: complex, dt: float, window_s: float, own: float) -> Mode:
    modulus, phase = abs(value), math.atan2(value.imag, value.real)
    growth = math.log(modulus) / dt if modulus > 0 else -math.inf
    turn = abs(phase) / dt
    stability = _stability(modulus)
    time_constant = 1 / -growth if stability == "stable" else math.nan
    half_life = math.log(2) * time_constant
    return Mode(
        index=index,
        real=value.real,
        imag=value.imag,
        modulus=modulus,
        phase=phase,
        margin=1 - modulus,
        growth_rate=growth,
        frequency_hz=turn / (2 * math.pi),
        period_s=2 * math.pi / turn if turn else math.inf,
        natural_frequency_hz=math.hypot(growth, turn) / (2 * math.pi),
        damping_ratio=_damping(growth, turn),
        half_life_s=half_life,
        half_life_steps=half_life / dt,
        time_constant_s=time_constant,
        settling_time_s=4 * time_constant,
        shape="real" if abs(math.sin(phase)) <= REAL_PHASE else "complex",
        stability=stability,
        nyquist=abs(phase) >= NYQUIST_SHARE * math.pi,
        wrapped=abs(own) > math.pi * (1 + 1e-6),
        slow=stability != "stable" or time_constant > WINDOWS * window_s,
    )


def _stability(modulus: float) -> str:
    if modulus > 1 + TOLERANCE:
        return "unstable"
    return "stable" if modulus < 1 - TOLERANCE else "marginal"


def _damping(growth: float, frequency: float) -> float:
    size = math.hypot(growth, frequency)
    if size == 0:
        return math.nan
    return 1.0 if math.isinf(size) else -growth / size
