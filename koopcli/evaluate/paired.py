"""Which of two models is better: differences over the same starts, with an interval."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate.bootstrap import Bootstrap
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import Interval
from koopcli.evaluate.scoring import Scored
from koopcli.evaluate.tally import Record

TIE = "not distinguishable"
UNKNOWN = "no interval"


@dataclass(frozen=True)
class Comparison:
    """The observations' error of two models at one horizon.

    Attributes:
        first: Label of the one.
        second: Label of the other.
        measure: `nrmse` at the horizon, or `mean_nmse` over all steps up to it.
        horizon: Steps ahead.
        difference: That of the first - that of the second.
        interval: Its confidence interval, from the same draws of episodes for both.
        share_first: Share of the starts whose error is smaller with the first.
        starts: Starts that both were compared on.
        better: Label of the better one, if the interval excludes 0; else
            `not distinguishable`, or `no interval`.
    """

    first: str
    second: str
    measure: str
    horizon: int
    difference: float
    interval: Interval
    share_first: float
    starts: int
    better: str


def compare(
    scored: Scored, horizons: tuple[int, ...], bootstrap: Bootstrap
) -> list[Comparison]:
    """Compare every run with every other run and baseline, at every horizon."""
    found = []
    for (one, first), (other, second) in combinations(scored, 2):
        if one.run is None and other.run is None:
            continue
        names = (label(one.run, one.model), label(other.run, other.model))
        pair = (first.record, second.record)
        for horizon in horizons:
            found.append(_at(names, pair, horizon, bootstrap))
        found.append(_mean(names, pair, bootstrap))
    return found


def _at(
    names: tuple[str, str],
    records: tuple[Record, Record],
    horizon: int,
    bootstrap: Bootstrap,
) -> Comparison:
    errors = [record.profile[:, [horizon - 1]] for record in records]
    episodes = records[0].episodes
    means = [np.sqrt(draws.mean_of(bootstrap, e, episodes))[:, 0] for e in errors]
    values = [_root_mean(error[:, 0]) for error in errors]
    return _comparison(names, ("nrmse", horizon), values, means, errors, bootstrap)


def _mean(
    names: tuple[str, str], records: tuple[Record, Record], bootstrap: Bootstrap
) -> Comparison:
    profiles = [record.profile for record in records]
    episodes = records[0].episodes
    with np.errstate(over="ignore", invalid="ignore"):
        means = [
            draws.mean_of(bootstrap, profile, episodes).mean(axis=1)
            for profile in profiles
        ]
        values = [
            float(np.nanmean(profile, axis=0, dtype=np.float64).mean())
            for profile in profiles
        ]
    horizon = profiles[0].shape[1]
    return _comparison(
        names, ("mean_nmse", horizon), values, means, profiles, bootstrap
    )


def _comparison(
    names: tuple[str, str],
    what: tuple[str, int],
    values: list[float],
    means: list[np.ndarray],
    errors: list[np.ndarray],
    bootstrap: Bootstrap,
) -> Comparison:
    first, second = (_of_starts(error) for error in errors)
    known = ~np.isnan(first)
    with np.errstate(invalid="ignore"):
        difference = values[0] - values[1]
        interval = bootstrap.interval(means[0] - means[1], difference)
    better = TIE
    # A NaN interval compares false: no interval, no verdict.
    if interval[1] < 0 or (np.isfinite(values[0]) and not np.isfinite(values[1])):
        better = names[0]
    elif interval[0] > 0 or (np.isfinite(values[1]) and not np.isfinite(values[0])):
        better = names[1]
    elif np.isfinite(difference) and np.isnan(interval[0]):
        better = UNKNOWN
    # Equal errors, such as two infinite ones, count half for either.
    wins = (first < second) + 0.5 * (first == second)
    return Comparison(
        first=names[0],
        second=names[1],
        measure=what[0],
        horizon=what[1],
        difference=float(difference),
        interval=interval,
        share_first=float(wins[known].mean()) if known.any() else np.nan,
        starts=int(known.sum()),
        better=better,
    )


def _of_starts(errors: np.ndarray) -> np.ndarray:
    # Mean over the known steps of each start; NaN if there are none.
    known = ~np.isnan(errors)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        total = np.where(known, errors, 0.0).sum(axis=1, dtype=np.float64)
        return total / known.sum(axis=1)


def _root_mean(squared: np.ndarray) -> float:
    known = squared[~np.isnan(squared)].astype(np.float64)
    return float(np.sqrt(known.mean())) if len(known) else np.nan
