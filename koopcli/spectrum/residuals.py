"""Is a mode a property of the system? Its held-out residual, with the inputs taken out.

A candidate eigenfunction φ with eigenvalue λ claims φ(s[t+1]) - u(a[t]) = λ φ(s[t]). With
e = φ(s[t+k]) - (λ^k φ(s[t]) + Σ_l λ^(k-1-l) u(a[t+l])) over held-out sequences,

    residual = √( mean|e|² / mean|φ - mean φ|² )

so a mode that says nothing but its own mean has residual 1. The residual of ResDMD divides
by mean|φ|² instead and is never larger. Source: Colbrook, Mezić & Stepanenko 2024,
arXiv:2407.06312 (ResDMD); the inputs, the lags and the centring are this project's choice.
Noise of the data enters every residual.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int

from koopcli.config.evaluation import InspectConfig
from koopcli.spectrum.pairs import Pairs, ahead

DEAD_ENERGY = 1e-6
"""A mode with less than this share of the variance is dead: nothing to verify."""


@dataclass(frozen=True)
class Residuals:
    """Residuals of every mode, in the order of the latents.

    Attributes:
        residual: One step ahead, over the standard deviation of the mode.
        low: Lower end of its bootstrap interval over episodes.
        high: Upper end.
        resdmd: One step ahead, over the root mean square of the mode.
        lags: Steps ahead of the rows of `by_lag`.
        by_lag: Residual at each lag.
        best: λ that these data would choose for the same φ, least squares.
        best_residual: Its residual.
        energy: Share of the mode in the variance of all modes.
        dead: Whether that is less than `DEAD_ENERGY`.
        verified: Whether the mode lives and its whole interval is below the tolerance.
    """

    residual: Float[np.ndarray, " latent"]
    low: Float[np.ndarray, " latent"]
    high: Float[np.ndarray, " latent"]
    resdmd: Float[np.ndarray, " latent"]
    lags: tuple[int, ...]
    by_lag: Float[np.ndarray, "lag latent"]
    best: Complex[np.ndarray, " latent"]
    best_residual: Float[np.ndarray, " latent"]
    energy: Float[np.ndarray, " latent"]
    dead: np.ndarray
    verified: np.ndarray


def measure(pairs: Pairs, config: InspectConfig) -> Residuals:
    """Measure the residuals of all modes on held-out pairs."""
    x, y = pairs.before, pairs.after - pairs.inputs
    values = pairs.modal.eigenvalues
    variance = np.mean(np.abs(pairs.after - pairs.after.mean(0)) ** 2, axis=0)
    error = np.abs(y - values * x) ** 2
    residual = _root(error.mean(0), variance)
    low, high = _interval(error, pairs, config)
    lags, by_lag = _over_lags(pairs, config)
    best, best_error = best_fit(x, y)
    energy = variance / max(float(variance.sum()), np.finfo(float).tiny)
    dead = energy < DEAD_ENERGY
    return Residuals(
        residual=residual,
        low=low,
        high=high,
        resdmd=_root(error.mean(0), np.mean(np.abs(pairs.before) ** 2, axis=0)),
        lags=lags,
        by_lag=by_lag,
        best=best,
        best_residual=_root(best_error, variance),
        energy=energy,
        dead=dead,
        verified=~dead & (high < config.tolerance),
    )


def best_fit(
    x: Complex[np.ndarray, "row latent"], y: Complex[np.ndarray, "row latent"]
) -> tuple[Complex[np.ndarray, " latent"], Float[np.ndarray, " latent"]]:
    """Return λ of the regression y = λ x + c, mode by mode, and its mean squared error."""
    dx, dy = x - x.mean(0), y - y.mean(0)
    spread = np.sum(np.abs(dx) ** 2, axis=0)
    best = np.sum(dx.conj() * dy, axis=0) / np.maximum(spread, np.finfo(float).tiny)
    return best, np.mean(np.abs(dy - best * dx) ** 2, axis=0)


def _over_lags(
    pairs: Pairs, config: InspectConfig
) -> tuple[tuple[int, ...], Float[np.ndarray, "lag latent"]]:
    horizon = pairs.modal.meta.horizon
    wanted = tuple(lag for lag in config.lags if lag <= max(1, horizon))
    lags, rows = [], []
    for part in ahead(pairs, wanted):
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.mean(np.abs(part.observed - part.predicted) ** 2, axis=0)
        spread = np.abs(part.observed - part.observed.mean(0)) ** 2
        lags.append(part.lag)
        rows.append(_root(error, spread.mean(0)))
    return tuple(lags), np.array(rows)


def _interval(
    error: Float[np.ndarray, "row latent"], pairs: Pairs, config: InspectConfig
) -> tuple[Float[np.ndarray, " latent"], Float[np.ndarray, " latent"]]:
    # Pairs of one episode depend on each other, so whole episodes are drawn.
    which, place = np.unique(pairs.episodes, return_inverse=True)
    y = pairs.after
    sums = [
        _by_episode(part, place, len(which))
        for part in (error, np.abs(y) ** 2, y.real, y.imag, np.ones((len(y), 1)))
    ]
    draws = np.random.default_rng(config.seed).multinomial(
        len(which), np.full(len(which), 1 / len(which)), size=config.resamples
    )
    errors, squares, real, imag, count = (draws @ part for part in sums)
    variance = squares / count - (real / count) ** 2 - (imag / count) ** 2
    samples = _root(errors / count, variance)
    tail = (1 - config.confidence) / 2
    # `nearest`: between two infinities there is nothing to interpolate.
    low, high = np.quantile(samples, [tail, 1 - tail], axis=0, method="nearest")
    return low, high


def _by_episode(
    values: Float[np.ndarray, "row column"], place: Int[np.ndarray, " row"], count: int
) -> Float[np.ndarray, "episode column"]:
    total = np.zeros((count, values.shape[1]))
    np.add.at(total, place, values)
    return total


def _root(
    error: Float[np.ndarray, "*shape"], spread: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    # A mode that never varies explains nothing: its residual is infinite unless it is 0.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.sqrt(error / np.maximum(spread, 0.0))
    return np.where(np.isnan(ratio), math.inf, ratio)
