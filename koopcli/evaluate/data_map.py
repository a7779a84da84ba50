"""VERB: the data map of a run -> DataMapReport: windows that deserve a look, and files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import __version__, files, plots, run_dir
from koopcli.config.evaluation import DataMapConfig
from koopcli.data import data_map as stored
from koopcli.data import store
from koopcli.data.data_map import DataMap
from koopcli.data.store import Dataset
from koopcli.errors import DataError, ModelError
from koopcli.evaluate import data_map_figure
from koopcli.evaluate.cartography import Judged, judge
from koopcli.evaluate.formats import as_csv, number, without_nan
from koopcli.files import sha256, write_text

SCHEMA = "koopcli.data_map/1"
FILES = ("data_map.json", "data_map.csv", *(f"data_map{s}" for s in plots.FORMATS))
SHOWN = 10
"""Windows of each kind that people are shown."""
FEWEST = 4
"""Windows below which quartiles mean nothing."""
KINDS = {
    "suspicious": "Suspicious windows: a large error that training does not change, far "
    "from the rest",
    "hard": "Hard windows: the largest mean error (besides suspicious ones)",
    "ambiguous": "Ambiguous windows: the largest variability",
}
Table = tuple[str, tuple[str, ...], list[list[str]]]
COLUMNS = ("episode", "source", "start", "steps", "error", "mean", "variability")


@dataclass(frozen=True)
class DataMapReport:
    """What a data map says.

    Attributes:
        protocol: What exactly was measured, and the rule.
        windows: One flat row per window, in the order of the dataset.
        episodes: One flat row per episode that has windows.
        warnings: What looks wrong.
    """

    protocol: Mapping[str, Any]
    windows: list[dict[str, Any]]
    episodes: list[dict[str, Any]]
    warnings: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        return {
            "schema": SCHEMA,
            "protocol": dict(self.protocol),
            "windows": self.windows,
            "episodes": self.episodes,
            "warnings": list(self.warnings),
        }

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the windows of a kind, the most pronounced first."""
        order = "variability" if kind == "ambiguous" else "error"
        rows = [row for row in self.windows if row[kind]]
        return sorted(rows, key=lambda row: -row[order])


def data_map(
    run: Path, dataset_path: Path, config: DataMapConfig | None = None
) -> DataMapReport:
    """Judge the windows whose errors were kept while `run` was trained.

    Args:
        run: A run folder of `koopcli train --data-map`.
        dataset_path: The dataset that it was trained on.
        config: What is called hard, ambiguous or suspicious.

    Raises:
        ModelError: The run has no data map, or one of too few validations or windows.
        DataError: The dataset cannot be used, or is another one.
    """
    config = config or DataMapConfig()
    found = _read(run)
    dataset, digest = store.load(dataset_path), sha256(dataset_path)
    if digest != found.dataset_sha256:
        raise DataError(
            f"{dataset_path}: is not the file that {run} was trained on (its SHA-256 "
            "differs), so windows cannot be named; give that file"
        )
    judged = judge(found.errors, config)
    windows = _windows(found, judged, dataset)
    warnings = _warnings(found, judged)
    return DataMapReport(
        protocol={
            "run": str(run),
            "dataset": str(dataset_path),
            "dataset_sha256": digest,
            "split": "train",
            "windows": len(windows),
            "horizon": found.horizon,
            "validations": found.steps.tolist(),
            "typical_error": judged.typical,
            **asdict(config),
            "normalisation": "training variance of each dimension",
            "koopcli_version": __version__,
        },
        windows=windows,
        episodes=_episodes(windows),
        warnings=warnings,
    )


def _read(run: Path) -> DataMap:
    remedy = f"train one: koopcli train DATA --output RUN --data-map ({run} has none)"
    if not run_dir.is_run(run):
        raise ModelError(f"{run}: is not a run folder, and only these hold a data map")
    if not (run / run_dir.DATA_MAP).is_file():
        raise ModelError(f"{run / run_dir.DATA_MAP}: no data map; {remedy}")
    found = stored.read(run / run_dir.DATA_MAP)
    if len(found.steps) < 2:
        raise ModelError(
            f"{run}: its data map has {len(found.steps)} validations, and a course of "
            "training needs two; train longer, or with a lower --set eval_every"
        )
    if len(found.episodes) < FEWEST:
        raise ModelError(
            f"{run}: its data map has {len(found.episodes)} windows; {FEWEST} are the "
            "fewest to compare; train with a lower --horizon or more data"
        )
    return found


def _windows(found: DataMap, judged: Judged, dataset: Dataset) -> list[dict[str, Any]]:
    return [
        {
            "episode": episode,
            "source": dataset.sources[episode],
            "start": int(found.starts[at]),
            "steps": int(found.lengths[at]),
            "error": float(judged.level[at]),
            "first_error": float(found.errors[0, at]),
            "last_error": float(found.errors[-1, at]),
            "mean": float(judged.mean[at]),
            "variability": float(judged.variability[at]),
            **{kind: bool(getattr(judged, kind)[at]) for kind in KINDS},
        }
        for at, episode in enumerate(found.episodes.tolist())
    ]


def _episodes(windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # Most suspicious first: that is where to look.
    several: dict[int, list[dict[str, Any]]] = {}
    for row in windows:
        several.setdefault(row["episode"], []).append(row)
    rows = [
        {
            "episode": episode,
            "source": mine[0]["source"],
            "windows": len(mine),
            **{kind: sum(row[kind] for row in mine) for kind in KINDS},
            "mean": float(np.mean([row["mean"] for row in mine])),
        }
        for episode, mine in several.items()
    ]
    return sorted(rows, key=lambda row: (-row["suspicious"], -row["mean"]))


def _warnings(found: DataMap, judged: Judged) -> tuple[str, ...]:
    warnings = []
    broken = int((~np.isfinite(found.errors)).any(axis=0).sum())
    if broken:
        warnings.append(
            f"the error of {broken} windows was not finite at some validation"
        )
    if len(found.steps) < 5:
        warnings.append(
            f"{len(found.steps)} validations say little about variability; lower "
            "--set eval_every in training"
        )
    return tuple(warnings)


def sections(report: DataMapReport) -> list[Table]:
    """Return title, columns and rows of each table for people, but for empty ones."""
    worst = [row for row in report.episodes if row["suspicious"]]
    columns = ("episode", "source", "suspicious", "windows", "mean")
    cells = [
        [*(str(row[name]) for name in columns[:-1]), number(row["mean"])]
        for row in worst[:SHOWN]
    ]
    title = f"Episodes with suspicious windows ({len(cells)} of {len(worst)})"
    tables: list[Table] = [(title, columns, cells)]
    for kind, title in KINDS.items():
        rows = report.of_kind(kind)
        if kind == "hard":
            rows = [row for row in rows if not row["suspicious"]]
        cells = [
            [str(row["episode"]), row["source"], str(row["start"]), str(row["steps"]),
             *(number(row[name]) for name in COLUMNS[4:])]
            for row in rows[:SHOWN]
        ]  # fmt: skip
        tables.append((f"{title} ({len(cells)} of {len(rows)})", COLUMNS, cells))
    return [table for table in tables if table[2]]


def write(report: DataMapReport, folder: Path, *, overwrite: bool = False) -> None:
    """Write all `FILES` into `folder`.

    Raises:
        ConfigError: One of them exists and `overwrite` is false.
    """
    files.refuse_results(folder, FILES, overwrite=overwrite)
    document = json.dumps(without_nan(report.document()), indent=1, allow_nan=False)
    write_text(folder / FILES[0], document + "\n")
    write_text(folder / FILES[1], as_csv(report.windows))
    for name in FILES[2:]:
        data_map_figure.draw(folder / name, report.windows)
