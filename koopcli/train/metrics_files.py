"""`metrics.jsonl` and `metrics.csv`: one record per call of the device.

The CSV has a header and always the same columns; what was not measured at a step is empty
there and absent in JSONL. A run that goes on cuts off what was written after its
checkpoint, half lines included, and writes it again.
"""

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path

from koopcli import run_dir
from koopcli.train.report import StepReport

NAMES = (run_dir.METRICS_JSONL, run_dir.METRICS_CSV)


class MetricsFiles:
    """Appends to the metrics of a run folder."""

    def __init__(self, run: Path, sizes: Mapping[str, int] | None):
        """Start new files, or cut those that are there to `sizes` bytes."""
        self.run, self._columns = run, None
        if not sizes:
            for name in NAMES:
                (run / name).write_bytes(b"")
            return
        for name in NAMES:
            with open(run / name, "ab") as file:
                if file.tell() > sizes.get(name, 0):
                    os.truncate(file.fileno(), sizes.get(name, 0))
        with open(run / run_dir.METRICS_CSV, newline="") as file:
            self._columns = next(csv.reader(file), None)

    def sizes(self) -> dict[str, int]:
        """Return the bytes in each file."""
        return {name: (self.run / name).stat().st_size for name in NAMES}

    def write(self, record: StepReport, columns: list[str]) -> None:
        """Append a record; the first one decides the columns of the CSV."""
        row = record.row()
        with open(self.run / run_dir.METRICS_JSONL, "a") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")
        with open(self.run / run_dir.METRICS_CSV, "a", newline="") as file:
            if self._columns is None:
                self._columns = columns
                csv.DictWriter(file, columns).writeheader()
            csv.DictWriter(file, self._columns, restval="").writerow(row)
