"""A benchmark as JSON, CSV and pictures."""

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli import environment
from koopcli.benchmark import figure
from koopcli.files import write_text

SCHEMA = "koopcli.benchmark/1"
PICTURES: dict[str, Callable[[Path, Any], None]] = {
    "train": figure.updates,
    "unroll": figure.floors,
    "predict": figure.rollouts,
}


@dataclass(frozen=True)
class Report:
    """What was measured.

    Attributes:
        benchmark: `train`, `unroll` or `predict`.
        settings: The settings of it, as a dataclass.
        results: One dataclass per measurement.
    """

    benchmark: str
    settings: Any
    results: Sequence[Any]

    def document(self) -> dict[str, Any]:
        """Return the JSON document; what did not run has null."""
        return {
            "schema": SCHEMA,
            "benchmark": self.benchmark,
            "settings": dataclasses.asdict(self.settings),
            "environment": environment.describe(),
            "results": [dataclasses.asdict(each) for each in self.results],
        }


def files(benchmark: str) -> tuple[str, ...]:
    """Return the names of the files that a benchmark writes."""
    return tuple(
        f"benchmark-{benchmark}.{suffix}" for suffix in ("json", "csv", "png", "svg")
    )


def write(report: Report, folder: Path) -> None:
    """Write them into `folder`; older ones are replaced."""
    names = files(report.benchmark)
    text = json.dumps(report.document(), indent=1, allow_nan=False)
    write_text(folder / names[0], text + "\n")
    write_text(folder / names[1], as_csv(report.results))
    for name in names[2:]:
        PICTURES[report.benchmark](folder / name, report.results)


def as_csv(results: Sequence[Any]) -> str:
    """Return one line per result; parts of a result become columns."""
    rows = [_flat(dataclasses.asdict(each)) for each in results]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        flat |= value if isinstance(value, Mapping) else {name: value}
    return flat
