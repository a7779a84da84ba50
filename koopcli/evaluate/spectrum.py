"""Turns the eigenvalues of a model into numbers to judge it by (docs/metrics.md)."""

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex

from koopcli import run_dir
from koopcli.errors import ModelError
from koopcli.model import checkpoint

SCHEMA = "koopcli.spectrum/1"
TOLERANCE = 1e-6
"""Moduli closer to 1 than this are marginal: float32 cannot tell them from 1."""
NYQUIST_SHARE = 0.99
"""Phases above this share of π are flagged: their frequency may be an alias."""


@dataclass(frozen=True)
class Mode:
    """One eigenvalue λ, read as a damped oscillation with s = log(λ) / dt.

    Attributes:
        index: Place among the model's latents.
        real: Re λ.
        imag: Im λ.
        modulus: |λ|; below 1 decays, above 1 grows.
        growth_rate: Re s = log|λ| / dt, 1/s; -inf for λ = 0.
        frequency_hz: |arg λ| / (2π dt).
        damping_ratio: -Re s / |s|; NaN at s = 0.
        half_life_s: Seconds until the amplitude halves; NaN unless stable.
        time_constant_s: Seconds until the amplitude falls to 1/e; NaN unless stable.
        stability: `stable`, `marginal` or `unstable`.
        nyquist: Whether |arg λ| is within 1 % of π; true for every negative real λ.
    """

    index: int
    real: float
    imag: float
    modulus: float
    growth_rate: float
    frequency_hz: float
    damping_ratio: float
    half_life_s: float
    time_constant_s: float
    stability: str
    nyquist: bool


@dataclass(frozen=True)
class Summary:
    """The spectrum as a whole.

    Attributes:
        spectral_radius: Largest modulus.
        stable: Whether no modulus exceeds 1 + `TOLERANCE`.
        modes: Number of modes.
        stable_modes: Modes that decay.
        marginal_modes: Modes with |λ| = 1 up to `TOLERANCE`.
        unstable_modes: Modes that grow.
        nyquist_modes: Modes with the Nyquist flag.
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
    stable: bool
    modes: int
    stable_modes: int
    marginal_modes: int
    unstable_modes: int
    nyquist_modes: int
    dt: float
    dt_known: bool
    training_horizon: int
    training_window_s: float
    slowest_half_life_s: float
    slowest_half_life_windows: float
    gradient_factor_min: float
    gradient_factor_median: float
    gradient_factor_max: float


@dataclass(frozen=True)
class Spectrum:
    """All modes, slowest decay first, with their summary."""

    run: str
    summary: Summary
    modes: tuple[Mode, ...]
    warnings: tuple[str, ...]

    def top(self, count: int | None) -> "Spectrum":
        """Keep the `count` slowest modes; the summary still speaks of all."""
        return replace(self, modes=self.modes[:count])

    def eigenvalues(self) -> Complex[np.ndarray, " latent"]:
        """Return λ of these modes, in their order."""
        return np.array([complex(mode.real, mode.imag) for mode in self.modes])

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        return {
            "schema": SCHEMA,
            "run": self.run,
            "summary": asdict(self.summary),
            "modes": [asdict(mode) for mode in self.modes],
            "warnings": list(self.warnings),
        }


def inspect(run: Path) -> Spectrum:
    """Read the eigenvalues of a run folder or model file and describe them.

    Raises:
        ModelError: There is no usable model at `run`, or it has no eigenvalues.
    """
    saved = checkpoint.load(run_dir.model_file(run))
    found = saved.model.eigenvalues()
    if found is None:
        raise ModelError(
            f"{run}: a {saved.meta.model_config.kind} model has no eigenvalues; give a "
            "run of --model koopman or edmdc"
        )
    values = np.asarray(found).astype(np.complex128)
    meta = saved.meta
    described = modes(values, meta.dt)
    return Spectrum(
        run=str(run),
        summary=summarise(described, meta.dt, meta.dt_known, meta.horizon),
        modes=described,
        warnings=() if meta.dt_known else (_DT_UNKNOWN,),
    )


_DT_UNKNOWN = (
    "the time step of the data is unknown (dt = 1 was assumed): read seconds as steps "
    "and Hz as cycles per step, or ingest with --dt"
)


def modes(values: Complex[np.ndarray, " latent"], dt: float) -> tuple[Mode, ...]:
    """Describe each discrete-time eigenvalue, slowest decay first."""
    order = np.argsort(-np.abs(values), kind="stable")
    return tuple(_mode(int(index), complex(values[index]), dt) for index in order)


def _mode(index: int, value: complex, dt: float) -> Mode:
    modulus, phase = abs(value), abs(math.atan2(value.imag, value.real))
    growth = math.log(modulus) / dt if modulus > 0 else -math.inf
    stability = _stability(modulus)
    decays = stability == "stable"
    return Mode(
        index=index,
        real=value.real,
        imag=value.imag,
        modulus=modulus,
        growth_rate=growth,
        frequency_hz=phase / (2 * math.pi * dt),
        damping_ratio=_damping(growth, phase / dt),
        half_life_s=math.log(2) / -growth if decays else math.nan,
        time_constant_s=1 / -growth if decays else math.nan,
        stability=stability,
        nyquist=phase >= NYQUIST_SHARE * math.pi,
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


def summarise(
    described: tuple[Mode, ...], dt: float, dt_known: bool, horizon: int
) -> Summary:
    """Summarise modes against a training window of `horizon` steps of `dt` seconds."""
    moduli = np.array([mode.modulus for mode in described])
    count = {
        name: sum(mode.stability == name for mode in described)
        for name in ("stable", "marginal", "unstable")
    }
    with np.errstate(over="ignore", under="ignore"):
        factors = moduli**horizon
    half_lives = [m.half_life_s for m in described if m.stability == "stable"]
    slowest = max(half_lives, default=math.nan)
    return Summary(
        spectral_radius=float(moduli.max()),
        stable=count["unstable"] == 0,
        modes=len(described),
        stable_modes=count["stable"],
        marginal_modes=count["marginal"],
        unstable_modes=count["unstable"],
        nyquist_modes=sum(mode.nyquist for mode in described),
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
