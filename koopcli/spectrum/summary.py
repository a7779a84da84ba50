"""The spectrum as a whole: radius, counts, time scales against the training window."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from koopcli.spectrum.modes import Mode, values_of

TWIN_DISTANCE = 1e-3
"""Eigenvalues closer than this (and mirror images) say the same about time."""


@dataclass(frozen=True)
class Summary:
    """Numbers about all modes.

    Attributes:
        spectral_radius: Largest modulus.
        spectral_abscissa: Largest growth rate, 1/s.
        margin: 1 - spectral radius.
        stable: Whether no modulus exceeds 1 + `modes.TOLERANCE`.
        modes: Number of modes.
        stable_modes: Modes that decay.
        marginal_modes: Modes with |λ| = 1 up to the tolerance.
        unstable_modes: Modes that grow.
        real_modes: Modes with a real eigenvalue.
        nyquist_modes: Modes with the Nyquist flag.
        wrapped_modes: Modes whose own phase lies outside (-π, π].
        slow_modes: Modes that training hardly saw decay.
        twin_modes: Modes whose eigenvalue, or its mirror image, an earlier one has.
        dt: Seconds per step.
        dt_known: False when dt is a placeholder: every second is then a step.
        training_horizon: Steps per training window.
        training_window_s: The same in seconds.
        slowest_half_life_s: Longest half-life of a stable mode; NaN if there is none.
        slowest_half_life_windows: The same in training windows.
        gradient_factor_min: Smallest |λ|^k at the training horizon k.
        gradient_factor_median: Median of |λ|^k.
        gradient_factor_max: Largest |λ|^k.
    """

    spectral_radius: float
    spectral_abscissa: float
    margin: float
    stable: bool
    modes: int
    stable_modes: int
    marginal_modes: int
    unstable_modes: int
    real_modes: int
    nyquist_modes: int
    wrapped_modes: int
    slow_modes: int
    twin_modes: int
    dt: float
    dt_known: bool
    training_horizon: int
    training_window_s: float
    slowest_half_life_s: float
    slowest_half_life_windows: float
    gradient_factor_min: float
    gradient_factor_median: float
    gradient_factor_max: float


def summarise(
    modes: Sequence[Mode], dt: float, dt_known: bool, horizon: int
) -> Summary:
    """Summarise modes against a training window of `horizon` steps of `dt` seconds."""
    moduli = np.array([mode.modulus for mode in modes])
    with np.errstate(over="ignore", under="ignore"):
        factors = moduli**horizon
    half_lives = [mode.half_life_s for mode in modes if mode.stability == "stable"]
    slowest = max(half_lives, default=math.nan)
    unstable = _count(modes, stability="unstable")
    return Summary(
        spectral_radius=float(moduli.max()),
        spectral_abscissa=max(mode.growth_rate for mode in modes),
        margin=1 - float(moduli.max()),
        stable=unstable == 0,
        modes=len(modes),
        stable_modes=_count(modes, stability="stable"),
        marginal_modes=_count(modes, stability="marginal"),
        unstable_modes=unstable,
        real_modes=_count(modes, shape="real"),
        nyquist_modes=_count(modes, nyquist=True),
        wrapped_modes=_count(modes, wrapped=True),
        slow_modes=_count(modes, slow=True),
        twin_modes=twins(modes),
        dt=dt,
        dt_known=dt_known,
        training_horizon=horizon,
        training_window_s=horizon * dt,
        slowest_half_life_s=slowest,
        slowest_half_life_windows=slowest / (horizon * dt),
        gradient_factor_min=float(factors.min()),
        gradient_factor_median=float(np.median(factors)),
        gradient_factor_max=float(factors.max()),
    )


def twins(modes: Sequence[Mode]) -> int:
    """Count the modes whose λ, up to sign of its phase, an earlier mode has too.

    Conjugates in a real basis are one physical mode and are not counted.
    """
    values = values_of(modes)
    upper = values.real + 1j * np.abs(values.imag)
    close = np.abs(upper[:, None] - upper) < TWIN_DISTANCE
    mirrored = np.abs(values[:, None] - values.conj()) < TWIN_DISTANCE
    far_from_real = np.abs(values.imag) >= TWIN_DISTANCE
    conjugate = mirrored & far_from_real[:, None] & far_from_real
    return int(np.tril(close & ~conjugate, -1).any(axis=1).sum())


def _count(modes: Sequence[Mode], **wanted: object) -> int:
    return sum(
        all(getattr(mode, name) == value for name, value in wanted.items())
        for mode in modes
    )
