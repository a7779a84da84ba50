"""Where the errors are: by source, by episode, and how they are spread over starts."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from koopcli.data.store import Dataset
from koopcli.evaluate.report import OBSERVATIONS
from koopcli.evaluate.scoring import Scored
from koopcli.evaluate.tally import Entrant, Record
from koopcli.evaluate.yardstick import Yardstick

WORST = 10
"""Episodes that are named."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def quantiles(scored: Scored, yardstick: Yardstick) -> list[dict[str, Any]]:
    """Return quantiles over starts: NRMSE of a start, and |error| of each dimension."""
    found = []
    for entrant, tally in scored:
        record = tally.record
        for place, horizon in enumerate(yardstick.horizons):
            values = {OBSERVATIONS: np.sqrt(record.profile[:, horizon - 1])}
            for column, name in enumerate(yardstick.names):
                values[name] = np.abs(record.errors[:, place, column])
            for quantity, several in values.items():
                known = several[~np.isnan(several)].astype(np.float64)
                found.append(
                    {
                        **_who(entrant),
                        "quantity": quantity,
                        "horizon": horizon,
                        "unit": "nrmse" if quantity == OBSERVATIONS else "physical",
                        **_quantiles(known),
                    }
                )
    return found


def _quantiles(known: np.ndarray) -> dict[str, float]:
    # Of an infinite error nothing between two values is known: take one that is there.
    names = [f"q{round(100 * q):02d}" for q in QUANTILES]
    if not len(known):
        return dict.fromkeys(names, np.nan)
    method = "linear" if np.isfinite(known).all() else "nearest"
    values = np.quantile(known, QUANTILES, method=method)  # type: ignore[call-overload]
    return dict(zip(names, values.tolist(), strict=True))


def episodes(scored: Scored, dataset: Dataset) -> list[dict[str, Any]]:
    """Return the mean NMSE of every episode, worst first for each model."""
    return [
        row
        for entrant, tally in scored
        for row in sorted(
            _episodes(entrant, tally.record, dataset), key=lambda row: -row["mean_nmse"]
        )
    ]


def _episodes(
    entrant: Entrant, record: Record, dataset: Dataset
) -> Iterator[dict[str, Any]]:
    for episode in np.unique(record.episodes).tolist():
        here = record.episodes == episode
        yield {
            **_who(entrant),
            "episode": episode,
            "source": dataset.sources[episode],
            **_mean(record, here),
        }


def sources(scored: Scored, dataset: Dataset) -> list[dict[str, Any]]:
    """Return the mean NMSE by the file that episodes came from."""
    found = []
    for entrant, tally in scored:
        record = tally.record
        files = np.array([origin(dataset.sources[e]) for e in record.episodes.tolist()])
        for file in dict.fromkeys(files.tolist()):
            here = files == file
            found.append(
                {
                    **_who(entrant),
                    "source": file,
                    "episodes": len(np.unique(record.episodes[here])),
                    **_mean(record, here),
                }
            )
    return found


def origin(source: str) -> str:
    """Return the file of an episode's source, `FILE: what it is there`."""
    return source.partition(": ")[0]


def _mean(record: Record, here: np.ndarray) -> dict[str, Any]:
    # The mean over all known steps of all starts, each with the same weight.
    values = record.profile[here]
    known = values[~np.isnan(values)].astype(np.float64)
    return {
        "mean_nmse": float(known.mean()),
        "diverged": int(record.diverged[here].sum()),
        "starts": int(here.sum()),
    }


def _who(entrant: Entrant) -> dict[str, Any]:
    return {"run": entrant.run, "model": entrant.model}
