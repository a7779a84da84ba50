"""`metrics.jsonl` and `metrics.csv`: one record per call of the device.

The CSV has a header and always the same columns; what was not measured at a step is empty
there and absent in JSONL. A run that goes on cuts off what was written after its
checkpoint, half lines included, and writes it again.
"""

import csv
import io
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
        """Return the bytes in each file, after they have reached the disk."""
        found = {}
        for name in NAMES:
            with open(self.run / name, "ab") as file:
                os.fsync(file.fileno())
                found[name] = file.tell()
        return found

    def write(self, record: StepReport, columns: list[str]) -> None:
        """Append a record; the first one decides the columns of the CSV."""
        row, table = record.row(), io.StringIO(newline="")
        if self._columns is None:
            csv.DictWriter(table, columns).writeheader()
        self._columns = self._columns or columns
        csv.DictWriter(table, self._columns, restval="").writerow(row)
        line = json.dumps(row, allow_nan=False) + "\n"
        for name, text in zip(NAMES, (line, table.getvalue()), strict=True):
            _append(self.run / name, text.encode())


def _append(path: Path, line: bytes) -> None:
    # A full disk takes the first half of a line and refuses the second.
    with open(path, "ab", buffering=0) as file:
        before = file.tell()
        try:
            while line:
                line = line[file.write(line) :]
        except OSError:
            file.truncate(before)
            raise
