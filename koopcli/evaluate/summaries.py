"""One model over the whole horizon: its summary, its curve, and what broke."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import measures, metrics
from koopcli.evaluate.bootstrap import Bootstrap
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import Curve, Summary
from koopcli.evaluate.scoring import sums_of
from koopcli.evaluate.tally import Entrant, Tally
from koopcli.evaluate.yardstick import Yardstick


class Validity(NamedTuple):
    """How the valid prediction time is told.

    Attributes:
        threshold: NRMSE up to which a prediction is valid.
        dt: Seconds per step.
        exponent: Lyapunov exponent, 1/s; NaN if it is not known.
    """

    threshold: float
    dt: float
    exponent: float = np.nan


def summary(
    pair: tuple[Entrant, Tally],
    yardstick: Yardstick,
    bootstrap: Bootstrap,
    valid: Validity,
) -> Summary:
    """Summarise one model.

    Args:
        pair: The model and its tally.
        yardstick: How it was measured.
        bootstrap: Draws of episodes.
        valid: How the valid prediction time is told.
    """
    entrant, tally = pair
    record, threshold = tally.record, valid.threshold
    nmse = measures.overall(sums_of(tally), yardstick.scale).nmse[:, 0]
    again = draws.mean_of(bootstrap, record.profile, record.episodes)
    rate = draws.mean_of(bootstrap, record.diverged.astype(float), record.episodes)
    steps, whole = valid_steps(np.sqrt(nmse), threshold)
    with np.errstate(over="ignore"):
        mean = float(nmse.mean())
        several = [valid_steps(np.sqrt(each), threshold)[0] for each in again]
        means = again.mean(axis=1)
    values = {
        "mean_nmse": mean,
        "divergence_rate": float(record.diverged.mean()),
        "valid_steps": float(steps),
    }
    drawn = {
        "mean_nmse": means,
        "divergence_rate": rate,
        "valid_steps": np.array(several, np.float64),
    }
    return Summary(
        run=entrant.run,
        model=entrant.model,
        mean_nmse=mean,
        divergence_rate=values["divergence_rate"],
        diverged=int(record.diverged.sum()),
        starts=len(record.diverged),
        valid_steps=steps,
        valid_seconds=steps * valid.dt,
        valid_lyapunov_times=steps * valid.dt * valid.exponent,
        valid_to_the_end=whole,
        interval={n: bootstrap.interval(drawn[n], values[n]) for n in values},
    )


def valid_steps(
    nrmse: Float[np.ndarray, " time"], threshold: float
) -> tuple[int, bool]:
    """Return the first step above the threshold, or the last and True if none is."""
    # NaN compares false, so "not below" counts it.
    above = np.flatnonzero(~(nrmse <= threshold))
    return (int(above[0]) + 1, False) if len(above) else (len(nrmse), True)


def curve(
    pair: tuple[Entrant, Tally], yardstick: Yardstick, bootstrap: Bootstrap
) -> Curve:
    """Return NRMSE over all steps, with its band."""
    entrant, tally = pair
    record = tally.record
    low = high = rewards = None
    if len(bootstrap.weights):
        again = np.sqrt(draws.mean_of(bootstrap, record.profile, record.episodes))
        tail = 50 * (1 - bootstrap.confidence)
        finite = np.where(np.isfinite(again), again, np.inf)
        low, high = np.percentile(finite, [tail, 100 - tail], axis=0, method="nearest")
    if tally.total.rewards is not None and yardstick.reward_scale is not None:
        scale = np.full(1, yardstick.reward_scale)
        sums = metrics.only(tally.total.rewards)
        rewards = measures.per_dimension(sums, scale).nrmse[:, 0]
    nrmse = measures.overall(sums_of(tally), yardstick.scale).nrmse[:, 0]
    return Curve(label(entrant.run, entrant.model), nrmse, rewards, low, high)


def broken(entrant: Entrant, tally: Tally) -> list[str]:
    """Say how many rollouts and rewards became non-finite, and from which step on."""
    sums, name = sums_of(tally), label(entrant.run, entrant.model)
    warnings = []
    if tally.record.broken.any():
        first = int(np.flatnonzero(sums.nonfinite)[0]) + 1
        warnings.append(
            f"{name}: {tally.record.broken.sum()} of {sums.count[0]} rollouts became NaN "
            f"or infinite, the first at step {first}; the errors of the horizons they "
            "reach are null"
        )
    if tally.total.rewards is not None and tally.total.rewards.nonfinite.any():
        worst = int(tally.total.rewards.nonfinite.max())
        warnings.append(
            f"{name}: up to {worst} predicted rewards per step are NaN or infinite; the "
            "errors of those horizons are null"
        )
    return warnings
