"""Read foreign trajectories, check them, split them, write a dataset file."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import __version__
from koopcli.config.data import IngestConfig
from koopcli.data import agreement, appending, store, suspicions
from koopcli.data.ingest_report import IngestReport, ranges
from koopcli.data.readers import Source, open_source
from koopcli.data.split import by_name, split
from koopcli.data.store import Dataset
from koopcli.data.usable import Tally, usable
from koopcli.data.writer import DatasetWriter
from koopcli.delays import Delays
from koopcli.errors import ConfigError, DataError
from koopcli.files import refuse_overwrite, replacing, sha256

ASSUMED_DT = (
    "the sampling time is unknown: 1 s is assumed, so seconds and hertz mean steps; "
    "give --dt"
)


@dataclass(frozen=True)
class _Job:
    sources: Sequence[str]
    opened: list[tuple[str, Source]]
    config: IngestConfig
    command: str
    before: Dataset | None

    @property
    def all(self) -> tuple[list[str], list[Source]]:
        """Names and sources, the file that is appended to among them."""
        names, found = list(self.sources), [source for _, source in self.opened]
        if self.before is None:
            return names, found
        return [str(self.before.path), *names], [
            appending.as_source(self.before),
            *found,
        ]


def ingest(
    sources: Sequence[str],
    output: Path,
    config: IngestConfig,
    *,
    overwrite: bool = False,
    append: bool = False,
    command: str = "",
) -> IngestReport:
    """Turn one or several sources into one dataset file.

    Args:
        sources: Files, folders or Minari ids; they must agree in their columns.
        output: The file to write; it appears complete or not at all.
        config: Settings.
        overwrite: Whether an existing `output` may be replaced.
        append: Whether the episodes are added to those of `output`.
        command: Command line, for the record.

    Raises:
        ConfigError: `output` exists or is being written, or the format is unknown.
        DataError: A source cannot be used; the message names the place.
    """
    if not sources:
        raise ConfigError("give at least one source")
    if append and overwrite:
        raise ConfigError("--append and --overwrite exclude each other")
    refuse_overwrite(output, overwrite=overwrite or append)
    with replacing(output) as temporary:
        # Once more: another process may have written it since.
        refuse_overwrite(output, overwrite=overwrite or append)
        before = store.load(output, held=0) if append else None
        opened = [open_source(source, config) for source in sources]
        job = _Job(sources, opened, config, command, before)
        agreement.check_columns(*job.all)
        if before is not None:
            appending.check_delays(before, config)
        with DatasetWriter(temporary) as writer:
            return _write(writer, job)


def _write(writer: DatasetWriter, job: _Job) -> IngestReport:
    tally = Tally()
    if job.before is not None:
        writer.adopt(job.before.path)
    for episode in usable([source for _, source in job.opened], job.config, tally):
        writer.add(episode)
        tally.keep(episode)
    if not tally.splits:
        raise DataError(
            f"{', '.join(job.sources)}: no episode is left"
            + "".join(f"; {n} dropped: {why}" for why, n in tally.dropped.items())
        )
    return _finish(writer, job, tally)


def _finish(writer: DatasetWriter, job: _Job, tally: Tally) -> IngestReport:
    before, config = job.before, job.config
    names, all_sources = job.all
    actions, outputs = all_sources[0].action_names, all_sources[0].observation_names
    delays = Delays(config.delay_embed, config.delay_lag, outputs, actions)
    observations = delays.names
    dt, dt_source, known = agreement.sampling_time(
        [source for _, source in job.opened], config
    )
    first = 0 if before is None else len(before.lengths)
    lengths = np.array(writer.lengths[first:])
    splits = new = _splits(tally, config, trained=first > 0)
    record = _provenance(job)
    warnings = [] if any(tally.splits) else suspicions.of_splits(new, config)
    if before is not None:
        warnings += appending.check_sampling_time(before, job.sources, dt, known)
        warnings += appending.seen_before(before, record["sha256"])
        splits, remark = appending.splits(before, new)
        warnings.append(remark)
        dt, dt_source, known = before.dt, "as before", before.dt_known
    statistics = writer.finish(splits)
    dropped = {why: (n, tally.dropped_steps[why]) for why, n in tally.dropped.items()}
    warnings = [
        *agreement.other_names(names, all_sources),
        *(warning for _, source in job.opened for warning in source.warnings),
        *suspicions.of_columns(statistics, observations, actions),
        *tally.signs.warnings(lengths, np.array(writer.known[first:])),
        *warnings,
        *([] if known else [ASSUMED_DT]),
    ]
    record |= {"dropped": dropped, "warnings": warnings}
    if before is None:
        writer.annotate(
            {
                "dt": dt,
                "dt_known": known,
                "dt_source": dt_source,
                "observation_names": list(observations),
                "action_names": list(actions),
                "delays": delays.as_json() if delays.past else None,
                "provenance": record,
            }
        )
    else:
        writer.annotate({"provenance": appending.provenance(before, record)})
    returns = tally.returns
    return IngestReport(
        formats=tuple(name for name, _ in job.opened),
        episodes=len(lengths),
        steps=int(lengths.sum()),
        observation_names=observations,
        action_names=actions,
        has_rewards=bool(returns),
        lengths=(int(lengths.min()), float(np.median(lengths)), int(lengths.max())),
        returns=(min(returns), float(np.mean(returns)), max(returns))
        if returns
        else None,
        ranges=ranges(observations, actions, statistics),
        terminations=tally.terminations,
        truncations=tally.truncations,
        splits={name: len(episodes) for name, episodes in splits.items()},
        dropped=dropped,
        dt=dt,
        dt_source=dt_source,
        warnings=tuple(warnings),
        episodes_before=first,
    )


def _splits(
    tally: Tally, config: IngestConfig, *, trained: bool
) -> dict[str, np.ndarray]:
    if any(tally.splits):
        return by_name(tally.splits, trained=trained)
    count = len(tally.splits)
    return split(count, config.val_fraction, config.test_fraction, config.seed)


def _provenance(job: _Job) -> dict[str, Any]:
    return {
        "sources": list(job.sources),
        "sha256": {str(p): sha256(p) for _, source in job.opened for p in source.files},
        "formats": [name for name, _ in job.opened],
        "command": job.command,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "versions": {"koopcli": __version__, "h5py": version("h5py")},
        "settings": asdict(job.config),
    }
