"""A run as its folder describes it: model, settings, circumstances, metrics."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from koopcli import run_dir
from koopcli.evaluate.naming import label, short_labels
from koopcli.files import sha256
from koopcli.model import checkpoint
from koopcli.model.checkpoint import SavedModel
from koopcli.model.sizes import count


@dataclass(frozen=True)
class Run:
    """A run folder, or a model file alone.

    Attributes:
        path: As given.
        name: Short, and no other run's.
        saved: The model.
        sha256: Hash of its file.
        parameters: Number of trained ones.
        settings: Every setting, by dotted name; empty for a model file.
        record: `environment.json`; empty for a model file.
        metrics: One record per call of the device.
        warnings: What could not be read.
    """

    path: Path
    name: str
    saved: SavedModel
    sha256: str
    parameters: int
    settings: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    metrics: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What predicts: `koopman`, `gru`, ..."""
        return str(self.saved.meta.model_config.kind)

    @property
    def label(self) -> str:
        """The name that an evaluation gives it."""
        return label(str(self.path), self.kind)

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        meta = self.saved.meta
        return {
            "run": str(self.path),
            "name": self.name,
            "kind": self.kind,
            "model_sha256": self.sha256,
            "parameters": self.parameters,
            "best_step": meta.step,
            "training_horizon": meta.horizon,
            "dataset_sha256": meta.dataset_sha256,
            "settings": self.settings,
            "environment": self.record,
            "metrics": list(self.metrics),
            "warnings": list(self.warnings),
        }


def read(paths: Sequence[Path]) -> tuple[Run, ...]:
    """Read runs; a damaged description is a warning, a damaged model an error.

    Raises:
        ModelError: A model is missing or unusable.
    """
    saved = [checkpoint.load(run_dir.model_file(path)) for path in paths]
    kinds = [str(model.meta.model_config.kind) for model in saved]
    short = short_labels([(str(p), k) for p, k in zip(paths, kinds, strict=True)])
    return tuple(
        _read(path, short[label(str(path), kind)], model)
        for path, kind, model in zip(paths, kinds, saved, strict=True)
    )


def _read(path: Path, name: str, saved: SavedModel) -> Run:
    meta, warnings = saved.meta, list[str]()
    return Run(
        path=path,
        name=name,
        saved=saved,
        sha256=sha256(run_dir.model_file(path)),
        parameters=count(meta.model_config, meta.dimensions),
        settings=_settings(path / run_dir.CONFIG, warnings),
        record=_record(path / run_dir.ENVIRONMENT, warnings),
        metrics=tuple(_metrics(path / run_dir.METRICS_JSONL, warnings)),
        warnings=tuple(warnings),
    )


def _settings(path: Path, warnings: list[str]) -> dict[str, Any]:
    # As they are written: an older run may have settings that are gone.
    try:
        tables = tomllib.loads(_text(path, warnings))
    except tomllib.TOMLDecodeError as error:
        warnings.append(f"{path}: unreadable ({error})")
        return {}
    return {
        f"{section}.{name}": value
        for section, table in tables.items()
        if isinstance(table, dict)
        for name, value in table.items()
    }


def _record(path: Path, warnings: list[str]) -> dict[str, Any]:
    text = _text(path, warnings)
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        warnings.append(f"{path}: unreadable ({error})")
        return {}
    return found if isinstance(found, dict) else {}


def _metrics(path: Path, warnings: list[str]) -> list[dict[str, Any]]:
    lines = _text(path, warnings).splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if isinstance(record, dict) and isinstance(record.get("step"), int):
            found.append(record)
        # The last line of a killed run may be a half one.
        elif number < len(lines):
            warnings.append(f"{path}: line {number} is no record; it was left out")
    return found


def _text(path: Path, warnings: list[str]) -> str:
    # A model file has no folder of its own: nothing of this is there.
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        warnings.append(f"{path}: unreadable ({error})")
        return ""
