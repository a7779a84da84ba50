"""Read foreign trajectories, check them, split them, write a dataset file."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import __version__
from koopcli.config import IngestConfig
from koopcli.data import agreement, suspicions
from koopcli.data.episode import Episode
from koopcli.data.readers import Source, open_source
from koopcli.data.selection import Selection
from koopcli.data.split import by_name, split
from koopcli.data.statistics import ColumnStatistics
from koopcli.data.subsampling import subsample
from koopcli.data.writer import DatasetWriter
from koopcli.errors import ConfigError, DataError
from koopcli.files import refuse_overwrite, replacing, sha256

ASSUMED_DT = (
    "the sampling time is unknown: 1 s is assumed, so seconds and hertz mean steps; "
    "give --dt"
)
INCOMPLETE = "beyond the last whole step of --subsample"


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


class _Tally:
    # Facts about the episodes, gathered while they stream by.
    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self.dropped_steps: Counter[str] = Counter()
        self.returns: list[float] = []
        self.terminations = self.truncations = 0
        self.signs = suspicions.Signs()
        self.splits: list[str | None] = []

    def keep(self, episode: Episode) -> None:
        self.terminations += int(episode.terminations.sum())
        self.truncations += int(episode.truncations.sum())
        if episode.rewards is not None:
            self.returns.append(float(episode.rewards.sum(dtype=np.float64)))
        self.signs.see(episode)
        self.splits.append(episode.split)

    def drop(self, reason: str, steps: int) -> None:
        self.dropped[reason] += 1
        self.dropped_steps[reason] += steps

    def drop_steps(self, reason: str, steps: int) -> None:
        # Of an episode that itself is kept.
        self.dropped[reason] += 0
        self.dropped_steps[reason] += steps


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
    tally = _Tally()
    with replacing(output) as temporary, DatasetWriter(temporary) as writer:
        for episode in _usable([source for _, source in opened], config, tally):
            writer.add(episode)
            tally.keep(episode)
        if not writer.lengths:
            raise DataError(
                f"{', '.join(sources)}: no episode is left"
                + "".join(f"; {n} dropped: {why}" for why, n in tally.dropped.items())
            )
        report = _finish(writer, sources, opened, config, tally, command)
    return report


def _usable(
    sources: list[Source], config: IngestConfig, tally: _Tally
) -> Iterator[Episode]:
    selection = Selection(config)
    for source in sources:
        for episode in source.episodes():
            reason = selection.reason_to_drop(episode)
            if reason is not None:
                tally.drop(reason, episode.length)
                continue
            if config.subsample > 1:
                episode, rest = subsample(episode, config.subsample)
                if rest:
                    tally.drop_steps(INCOMPLETE, rest)
            if episode.length == 0:
                tally.drop("empty", 0)
            elif episode.length == 1 and not episode.last_observation_known:
                tally.drop("one step whose result is unknown", 1)
            elif episode.length < config.min_length:
                tally.drop(f"shorter than {config.min_length} steps", episode.length)
            else:
                yield episode
        for why, steps in source.dropped.items():
            tally.drop_steps(why, steps)
    selection.check_all_found()


def _finish(
    writer: DatasetWriter,
    sources: Sequence[str],
    opened: list[tuple[str, Source]],
    config: IngestConfig,
    tally: _Tally,
    command: str,
) -> IngestReport:
    first = opened[0][1]
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
        *suspicions.of_columns(statistics, first.observation_names, first.action_names),
        *tally.signs.warnings(lengths, np.array(writer.known)),
        *([] if named else suspicions.of_splits(splits, config)),
        *([] if known else [ASSUMED_DT]),
    ]
    writer.annotate(
        {
            "dt": dt,
            "dt_known": known,
            "dt_source": dt_source,
            "observation_names": list(first.observation_names),
            "action_names": list(first.action_names),
            "provenance": _provenance(sources, opened, config, command)
            | {"dropped": dropped, "warnings": warnings},
        }
    )
    returns = tally.returns
    return IngestReport(
        formats=tuple(name for name, _ in opened),
        episodes=len(lengths),
        steps=int(lengths.sum()),
        observation_names=first.observation_names,
        action_names=first.action_names,
        has_rewards=bool(returns),
        lengths=(int(lengths.min()), float(np.median(lengths)), int(lengths.max())),
        returns=(min(returns), float(np.mean(returns)), max(returns))
        if returns
        else None,
        ranges=_ranges(first, statistics),
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
    source: Source, statistics: dict[str, ColumnStatistics]
) -> dict[str, tuple[float, float, float, float]]:
    names = {
        "observations": source.observation_names,
        "actions": source.action_names,
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
