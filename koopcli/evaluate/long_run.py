"""Does a long rollout look like the system, when it cannot follow it step by step?

A chaotic system forgets where it started, so that even the best model is somewhere else
after a few Lyapunov times. What can still be compared is which states it visits, and how
often it oscillates how fast. Arrays in, numbers out; all in standard units.

Source: the measures of Hess et al. 2023 (generalised teacher forcing, PMLR v202 hess23a)
as their code has them (DurstewitzLab/GTF-shPLRNN, src/measures), and their settings. What
is otherwise here is said in docs/metrics.md.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d
from scipy.special import logsumexp

from koopcli.config.evaluation import LongRunConfig

HISTOGRAM, MIXTURE = "histogram", "mixture"
FLAT = 1e-6
"""Standard deviation, in standard units, up to which a column does not oscillate."""
ROWS = 64
"""Points whose distances to all states are held at once."""


def coordinates(
    values: Float[np.ndarray, "time dim"],
    scale: Float[np.ndarray, " dim"],
    periods: Float[np.ndarray, " dim"],
) -> tuple[Float[np.ndarray, "time coordinate"], Int[np.ndarray, " coordinate"]]:
    """Return standardised columns, and the dimension that each belongs to.

    An angle becomes its cosine and sine, divided by the √½ that a uniform angle has as
    standard deviation: where it stands does not depend on how often it has turned.

    Args:
        values: States, physical units.
        scale: Training standard deviation of each dimension.
        periods: Full turn of each dimension that is an angle, else 0.
    """
    turns = periods > 0
    straight = values[:, ~turns].astype(np.float64) / scale[~turns]
    phase = 2 * np.pi * values[:, turns].astype(np.float64) / periods[turns]
    round_ones = np.sqrt(2) * np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
    angles = np.flatnonzero(turns)
    owners = np.concatenate([np.flatnonzero(~turns), angles, angles])
    return np.concatenate([straight, round_ones], axis=1), owners


def form(columns: int, config: LongRunConfig) -> str:
    """Return how densities of so many coordinates are compared."""
    return HISTOGRAM if columns <= config.histogram_dims else MIXTURE


def state_space_divergence(
    truth: Float[np.ndarray, "time coordinate"],
    predicted: Float[np.ndarray, "time coordinate"],
    config: LongRunConfig,
    seed: int,
) -> float:
    """D_stsp = KL(p_true ‖ p_predicted) of the densities of the visited states."""
    if form(truth.shape[1], config) == HISTOGRAM:
        return histogram_divergence(truth, predicted, config)
    return mixture_divergence(truth, predicted, config, seed)


def histogram_divergence(
    truth: Float[np.ndarray, "time coordinate"],
    predicted: Float[np.ndarray, "steps coordinate"],
    config: LongRunConfig,
) -> float:
    """Σ p log(p / q), p and q the shares (n + α) / (N + α B) of the bins.

    The bins cover what the truth visits. Whatever lies outside falls into one more bin,
    so that a rollout which leaves is not forgiven.
    """
    low = truth.min(axis=0) - config.margin
    high = truth.max(axis=0) + config.margin
    cells = [_cells(values, low, high, config.bins) for values in (truth, predicted)]
    # Of all bins only those somebody visited are listed; the others are all alike.
    seen, place = np.unique(np.concatenate(cells), return_inverse=True)
    total = float(config.bins) ** truth.shape[1] + 1
    shares = []
    for part in np.split(place, [len(truth)]):
        counts = np.append(np.bincount(part, minlength=len(seen)), 0)
        smooth = config.pseudo_count
        shares.append((counts + smooth) / (len(part) + smooth * total))
    terms = shares[0] * np.log(shares[0] / shares[1])
    return float(terms[:-1].sum() + (total - len(seen)) * terms[-1])


def _cells(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, bins: int
) -> Int[np.ndarray, " time"]:
    inside = ((values >= low) & (values <= high)).all(axis=1)
    shares = (values[inside] - low) / (high - low)
    index = np.minimum((bins * shares).astype(np.int64), bins - 1)
    cells = np.full(len(values), -1, np.int64)
    cells[inside] = index @ (bins ** np.arange(values.shape[1], dtype=np.int64))
    return cells


def mixture_divergence(
    truth: Float[np.ndarray, "time coordinate"],
    predicted: Float[np.ndarray, "steps coordinate"],
    config: LongRunConfig,
    seed: int,
) -> float:
    """Mean of log p(x) - log q(x) over points x drawn from p.

    p and q are mixtures of one Gaussian kernel per state, of the same variance.
    """
    centre = truth.mean(axis=0)
    states, others = truth - centre, predicted - centre
    random = np.random.default_rng(seed)
    chosen = random.integers(len(states), size=config.draws)
    noise = random.normal(size=(config.draws, states.shape[1]))
    points = states[chosen] + np.sqrt(config.variance) * noise
    found = [
        np.concatenate(
            [
                _log_density(points[first : first + ROWS], centres, config.variance)
                for first in range(0, len(points), ROWS)
            ]
        )
        for centres in (states, others)
    ]
    return float((found[0] - found[1]).mean())


def _log_density(
    points: np.ndarray, centres: np.ndarray, variance: float
) -> Float[np.ndarray, " point"]:
    # But for the constant of the kernel, which is the same in p and q.
    squares = (
        (points**2).sum(axis=1)[:, None]
        - 2 * points @ centres.T
        + (centres**2).sum(axis=1)
    )
    return logsumexp(-squares / (2 * variance), axis=1) - np.log(len(centres))


def spectral_distance(
    truth: Float[np.ndarray, "time coordinate"],
    predicted: Float[np.ndarray, "time coordinate"],
    smoothing: float,
) -> Float[np.ndarray, " coordinate"]:
    """Hellinger distance √(1 - Σ √(p q)) of the power spectra of each column.

    Where the truth does not oscillate there is nothing to compare: NaN. Where only the
    prediction does not, nothing is in common: 1.

    Args:
        truth: States.
        predicted: As many.
        smoothing: Standard deviation of the Gaussian that smooths, frequency bins.
    """
    roots = [np.sqrt(spectrum(values, smoothing)) for values in (truth, predicted)]
    distance = np.sqrt(((roots[0] - roots[1]) ** 2).sum(axis=0) / 2)
    flat = [values.std(axis=0) <= FLAT for values in (truth, predicted)]
    return np.where(flat[0], np.nan, np.where(flat[1], 1.0, distance))


def spectrum(
    values: Float[np.ndarray, "time coordinate"], smoothing: float
) -> Float[np.ndarray, "frequency coordinate"]:
    """Return the smoothed power spectrum of each column, without its mean; sum 1."""
    power = np.abs(np.fft.rfft(values - values.mean(axis=0), axis=0)) ** 2
    smooth = gaussian_filter1d(power, smoothing, axis=0) if smoothing else power
    total = smooth.sum(axis=0)
    return smooth / np.where(total > 0, total, 1.0)
