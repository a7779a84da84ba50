"""Read foreign trajectories, check them, split them, write a dataset file."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import __version__
from koopcli.config import IngestConfig
from koopcli.data import agreement, delay_embedding, suspicions
from koopcli.data.readers import Source, open_source
from koopcli.data.split import by_name, split
from koopcli.data.statistics import ColumnStatistics
from koopcli.data.usable import Tally, usable
from koopcli.data.writer import DatasetWriter
from koopcli.errors import ConfigError, DataError
from koopcli.files import refuse_overwrite, replacing, sha256

ASSUMED_DT = (
    "the sampling time is unknown: 1 s is assumed, so seconds and hertz mean steps; "
    "give --dt"
)


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What was read, what was kept, what was dropped, and what looks wrong.

    `dropped` maps a reason to a pair (episodes, steps); `lengths` is (min, median, max),
    `returns` (min, mean, max), and `ranges` maps a column to its (min, mean, std, max)
    over the training split.
    """

    formats: tuple[str, ...]
    episodes: int
    steps: int
    observation_names: tuple[str, ...]
    action_names: tuple[str, ...]
    has_rewards: bool
    lengths: tuple[int, float, int]
    returns: tuple[float, float, float] | None
    ranges: dict[str, tuple[float, float, float, float]]
    terminations: int
    truncations: int
    splits: dict[str, int]
    dropped: dict[str, tuple[int, int]]
    dt: float
    dt_source: str
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def ingest(
    sources: Sequence[str],
    output: Path,
    config: IngestConfig,
    *,
    overwrite: bool = False,
    command: str = "",
) -> IngestReport:
    """Turn one or several sources into one dataset file.

    Args:
        sources: Files, folders or Minari ids; they must agree in their columns.
        output: The file to write; it appears complete or not at all.
        config: Settings.
        overwrite: Whether an existing `output` may be replaced.
        command: Command line, for the record.

    Raises:
        ConfigError: `output` exists, or the format is unknown.
        DataError: A source cannot be used; the message names the place.
    """
    refuse_overwrite(output, overwrite=overwrite)
    if not sources:
        raise ConfigError("give at least one source")
    opened = [open_source(source, config) for source in sources]
    agreement.check_columns(sources, [source for _, source in opened])
    tally = Tally()
    with replacing(output) as temporary, DatasetWriter(temporary) as writer:
        for episode in usable([source for _, source in opened], config, tally):
            writer.add(episode)
            tally.keep(episode)
        if not writer.lengths:
            raise DataError(
                f"{', '.join(sources)}: no episode is left"
                + "".join(f"; {n} dropped: {why}" for why, n in tally.dropped.items())
            )
        report = _finish(writer, sources, opened, config, tally, command)
    return report


def _finish(
    writer: DatasetWriter,
    sources: Sequence[str],
    opened: list[tuple[str, Source]],
    config: IngestConfig,
    tally: Tally,
    command: str,
) -> IngestReport:
    actions = opened[0][1].action_names
    observations = delay_embedding.names(
        opened[0][1].observation_names, actions, config.delay_embed
    )
    dt, dt_source, known = agreement.sampling_time(
        [source for _, source in opened], config
    )
    lengths = np.array(writer.lengths)
    named = any(tally.splits)
    splits = (
        by_name(tally.splits)
        if named
        else split(len(lengths), config.val_fraction, config.test_fraction, config.seed)
    )
    statistics = writer.finish(splits)
    dropped = {why: (n, tally.dropped_steps[why]) for why, n in tally.dropped.items()}
    warnings = [
        *agreement.other_names(sources, [source for _, source in opened]),
        *(warning for _, source in opened for warning in source.warnings),
        *suspicions.of_columns(statistics, observations, actions),
        *tally.signs.warnings(lengths, np.array(writer.known)),
        *([] if named else suspicions.of_splits(splits, config)),
        *([] if known else [ASSUMED_DT]),
    ]
    writer.annotate(
        {
            "dt": dt,
            "dt_known": known,
            "dt_source": dt_source,
            "observation_names": list(observations),
            "action_names": list(actions),
            "provenance": _provenance(sources, opened, config, command)
            | {"dropped": dropped, "warnings": warnings},
        }
    )
    returns = tally.returns
    return IngestReport(
        formats=tuple(name for name, _ in opened),
        episodes=len(lengths),
        steps=int(lengths.sum()),
        observation_names=observations,
        action_names=actions,
        has_rewards=bool(returns),
        lengths=(int(lengths.min()), float(np.median(lengths)), int(lengths.max())),
        returns=(min(returns), float(np.mean(returns)), max(returns))
        if returns
        else None,
        ranges=_ranges(observations, actions, statistics),
        terminations=tally.terminations,
        truncations=tally.truncations,
        splits={name: len(episodes) for name, episodes in splits.items()},
        dropped=dropped,
        dt=dt,
        dt_source=dt_source,
        warnings=tuple(warnings),
    )


def _provenance(
    sources: Sequence[str],
    opened: list[tuple[str, Source]],
    config: IngestConfig,
    command: str,
) -> dict[str, Any]:
    return {
        "sources": list(sources),
        "sha256": {str(p): sha256(p) for _, source in opened for p in source.files},
        "formats": [name for name, _ in opened],
        "command": command,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {"koopcli": __version__, "h5py": version("h5py")},
        "settings": asdict(config),
    }


def _ranges(
    observations: tuple[str, ...],
    actions: tuple[str, ...],
    statistics: dict[str, ColumnStatistics],
) -> dict[str, tuple[float, float, float, float]]:
    names = {
        "observations": observations,
        "actions": actions,
        "rewards": ("reward",),
    }
    return {
        name: (
            float(columns.min[i]),
            float(columns.mean[i]),
            float(columns.std[i]),
            float(columns.max[i]),
        )
        for kind, columns in statistics.items()
        for i, name in enumerate(names[kind])
    }
