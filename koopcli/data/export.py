"""Give a dataset back in a format of others, so that nobody is locked in."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from koopcli.config.choices import ExportFormat, Split
from koopcli.data import mapping_file, store
from koopcli.data.export_notes import Notes
from koopcli.data.exporters import About, d4rl, minari, tabular
from koopcli.data.stored_episodes import StoredEpisodes
from koopcli.errors import ConfigError, DataError
from koopcli.files import refuse_overwrite, remove_tree, replacing

SUFFIXES = {ExportFormat.CSV: ".csv", ExportFormat.PARQUET: ".parquet"}
"""Of tables; `ingest` recognises them by it."""
DELAYS = (
    "the columns of --delay-embed are written as they are; nothing in the export says "
    "which are samples of the past"
)


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written, and how to read it back.

    `mapping` is the file that `ingest --mapping` needs for a table, if any.
    """

    format: str
    episodes: int
    steps: int
    mapping: str | None
    remarks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def export(
    path: Path,
    output: Path,
    kind: ExportFormat,
    *,
    split: Split | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write the episodes of a dataset file in a foreign format.

    Args:
        path: The dataset file.
        output: The file or (minari) folder to write; complete or not at all.
        kind: The format.
        split: Only the episodes of this split; unset: all.
        overwrite: Whether existing files may be replaced; a folder never is.

    Raises:
        ConfigError: `output` exists, or has the wrong suffix.
        DataError: `path` is no dataset file, or the format cannot hold an episode.
    """
    if kind in SUFFIXES and output.suffix.lower() != SUFFIXES[kind]:
        raise ConfigError(f"{output}: a {kind} file must end in {SUFFIXES[kind]}")
    if kind is ExportFormat.MINARI and output.exists():
        raise ConfigError(f"{output}: already exists; choose another folder")
    mapping = output.with_suffix(".toml") if kind in SUFFIXES else None
    for file in (output, mapping):
        if file is not None:
            refuse_overwrite(file, overwrite=overwrite)
    dataset = store.load(path)
    chosen = StoredEpisodes(dataset, split)
    lengths = (
        dataset.lengths if split is None else dataset.lengths[dataset.splits[split]]
    )
    if not len(lengths):
        raise DataError(f"{path}: the {split} split is empty")
    notes = Notes(
        observation_names=dataset.observation_names,
        action_names=dataset.action_names,
        dt=dataset.dt if dataset.dt_known else None,
    )
    about = About(notes, with_splits=split is None)
    remarks: list[str] = [] if dataset.delays is None else [DELAYS]
    if kind is ExportFormat.MINARI:
        _folder(output, chosen, about)
    elif kind is ExportFormat.D4RL:
        with replacing(output) as temporary:
            remarks += d4rl.write(temporary, chosen, about)
    else:
        config, more = tabular.columns(chosen, about, kind.value)
        remarks += more
        with replacing(output) as temporary:
            tabular.write(temporary, tabular.tables(chosen, config), kind.value)
        mapping_file.write(output.with_suffix(".toml"), config)
    return ExportReport(
        format=kind.value,
        episodes=len(lengths),
        steps=int(lengths.sum()),
        mapping=None if mapping is None else str(mapping),
        remarks=tuple(remarks),
    )


def _folder(output: Path, chosen: StoredEpisodes, about: About) -> None:
    # Written beside and renamed, as files are.
    temporary = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        minari.write(temporary, chosen, about, minari.identifier(output))
        os.replace(temporary, output)
    except BaseException:
        if temporary.exists():
            remove_tree(temporary)
        raise
