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
from koopcli.data import suspicions
from koopcli.data.episode import Episode
from koopcli.data.readers import Source, open_source
from koopcli.data.split import split
from koopcli.data.statistics import ColumnStatistics
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


class _Tally:
    # Facts about the episodes, gathered while they stream by.
    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self.dropped_steps: Counter[str] = Counter()
        self.returns: list[float] = []
        self.terminations = self.truncations = 0
        self.signs = suspicions.Signs()

    def keep(self, episode: Episode) -> None:
        self.terminations += int(episode.terminations.sum())
        self.truncations += int(episode.truncations.sum())
        if episode.rewards is not None:
            self.returns.append(float(episode.rewards.sum(dtype=np.float64)))
        self.signs.see(episode)

    def drop(self, reason: str, steps: int) -> None:
        self.dropped[reason] += 1
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
    _check_same_columns(sources, [source for _, source in opened])
    tally = _Tally()
    with replacing(output) as temporary, DatasetWriter(temporary) as writer:
        for _, source in opened:
            for episode in _usable(source, config, tally):
                writer.add(episode)
                tally.keep(episode)
        if not writer.lengths:
            raise DataError(
                f"{', '.join(sources)}: no episode is left"
                + "".join(f"; {n} dropped: {why}" for why, n in tally.dropped.items())
            )
        report = _finish(writer, sources, opened, config, tally, command)
    return report


def _usable(source: Source, config: IngestConfig, tally: _Tally) -> Iterator[Episode]:
    for episode in source.episodes():
        if episode.length == 0:
            tally.drop("empty", 0)
        elif episode.length == 1 and not episode.last_observation_known:
            tally.drop("one step whose result is unknown", 1)
        elif episode.length < config.min_length:
            tally.drop(f"shorter than {config.min_length} steps", episode.length)
        else:
            yield episode


def _finish(
    writer: DatasetWriter,
    sources: Sequence[str],
    opened: list[tuple[str, Source]],
    config: IngestConfig,
    tally: _Tally,
    command: str,
) -> IngestReport:
    first = opened[0][1]
    dt, dt_source, known = _sampling_time([source for _, source in opened], config)
    lengths = np.array(writer.lengths)
    splits = split(len(lengths), config.val_fraction, config.test_fraction, config.seed)
    statistics = writer.finish(splits)
    dropped = {why: (n, tally.dropped_steps[why]) for why, n in tally.dropped.items()}
    warnings = [
        *(warning for _, source in opened for warning in source.warnings),
        *suspicions.of_columns(statistics, first.observation_names, first.action_names),
        *tally.signs.warnings(lengths, np.array(writer.known)),
        *suspicions.of_splits(splits, config),
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


def _check_same_columns(names: Sequence[str], sources: list[Source]) -> None:
    for name, source in zip(names[1:], sources[1:], strict=True):
        for kind in ("observation_names", "action_names"):
            expected, found = getattr(sources[0], kind), getattr(source, kind)
            if expected != found:
                raise DataError(
                    f"{names[0]} and {name} differ in {kind.replace('_', ' ')}: "
                    f"{len(expected)} {list(expected)[:4]} against "
                    f"{len(found)} {list(found)[:4]}"
                )


def _sampling_time(
    sources: list[Source], config: IngestConfig
) -> tuple[float, str, bool]:
    if config.dt is not None:
        return config.dt, "--dt", True
    known = {source.dt for source in sources if source.dt is not None}
    if len(known) > 1:
        raise DataError(
            f"the sources have different sampling times {sorted(known)}; give --dt"
        )
    if known and all(source.dt is not None for source in sources):
        return known.pop(), sources[0].dt_source, True
    return 1.0, "assumed", False
