"""Adding episodes to a dataset file: what new sources must agree with.

The file is written anew beside the old one and renamed, as everything is: its columns are
copied as they are packed, so this costs a copy of the file and little memory, and a
process that is killed leaves the old file. Old episodes keep their splits.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from koopcli.config.data import IngestConfig
from koopcli.data.readers import Source
from koopcli.data.store import Dataset
from koopcli.delays import Delays
from koopcli.errors import DataError

SPLIT_SETTINGS = ("val_fraction", "test_fraction", "seed")
SAME_DT = 1e-6
"""Sampling times that differ by less than this share are the same."""


def split_settings(before: Dataset) -> dict[str, Any]:
    """Return how the episodes of the file were split when it was made."""
    settings = before.provenance.get("settings", {})
    return {name: settings[name] for name in SPLIT_SETTINGS if name in settings}


def as_source(before: Dataset) -> Source:
    """Return the file in the shape of a source, for comparison with others."""
    return Source(
        observation_names=before.output_names,
        action_names=before.action_names,
        episodes=lambda: iter(()),
        files=(),
    )


def check_delays(before: Dataset, config: IngestConfig) -> None:
    """Refuse another delay embedding than that of the file.

    Raises:
        DataError: Names both.
    """
    found = Delays(
        config.delay_embed, config.delay_lag, before.output_names, before.action_names
    )
    if (found if found.past else None) != before.delays:
        old = before.delays or Delays(1, 1, (), ())
        raise DataError(
            f"{before.path}: was made with --delay-embed {old.count} --delay-lag "
            f"{old.lag}, not {config.delay_embed} and {config.delay_lag}; give the same"
        )


def check_sampling_time(
    before: Dataset, sources: Sequence[str], dt: float, known: bool
) -> list[str]:
    """Refuse another sampling time; return a remark if it had to be assumed.

    Raises:
        DataError: Names both.
    """
    if not known:
        assumed = "the sampling time of the new sources is unknown: that of the file, "
        return [f"{assumed}{before.dt:g} s, is assumed"] if before.dt_known else []
    if not before.dt_known:
        raise DataError(
            f"{before.path}: its sampling time is unknown, that of {', '.join(sources)} "
            f"is {dt:g} s; ingest all sources together with --dt"
        )
    if abs(dt - before.dt) > SAME_DT * before.dt:
        raise DataError(
            f"{before.path} has a sampling time of {before.dt:g} s, "
            f"{', '.join(sources)} of {dt:g} s; they cannot be one dataset"
        )
    return []


def seen_before(before: Dataset, hashes: dict[str, str]) -> list[str]:
    """Return a remark about files whose content is in the dataset already."""
    records = [before.provenance, *before.provenance.get("appended", [])]
    known = {sha for record in records for sha in record.get("sha256", {}).values()}
    again = [path for path, sha in hashes.items() if sha in known]
    if not again:
        return []
    return [
        f"{', '.join(again)} was ingested before: unless other episodes were chosen, "
        "they are there twice now, and the splits may share data"
    ]


def splits(
    before: Dataset, new: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], str]:
    """Return the splits of old and new episodes together, and a remark on the new ones."""
    first = len(before.lengths)
    both = {
        name: np.concatenate([before.splits[name], part + first])
        for name, part in new.items()
    }
    counts = ", ".join(f"{name} {len(part)}" for name, part in new.items())
    return both, (
        f"the {first} episodes that were there keep their splits; the new ones were "
        f"split by themselves: {counts}"
    )


def provenance(before: Dataset, record: dict[str, Any]) -> dict[str, Any]:
    """Return the record of the file with that of the new sources added."""
    earlier = before.provenance.get("appended", [])
    return before.provenance | {"appended": [*earlier, record]}
