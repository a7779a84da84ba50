"""Everything that a report speaks of, before it is put into words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli.config.report import ReportConfig
from koopcli.data.store import Dataset
from koopcli.doctor.examine import Report as Diagnosis
from koopcli.evaluate.report import EvalReport
from koopcli.report.run import Run
from koopcli.spectrum.inspect import Inspection

SCHEMA = "koopcli.report/1"
NO_DATA = "No data were given: add --data DATA."


@dataclass(frozen=True)
class Held:
    """What the data say; all of it needs `--data`.

    Attributes:
        path: The dataset file, as given.
        sha256: Its hash.
        dataset: The dataset.
        diagnosis: The doctor's findings.
        evaluation: Errors of all runs and baselines.
    """

    path: Path
    sha256: str
    dataset: Dataset
    diagnosis: Diagnosis
    evaluation: EvalReport


@dataclass(frozen=True)
class Material:
    """What was found.

    Attributes:
        runs: The runs, in the order given.
        config: How it was measured.
        held: Held against data; None without.
        spectra: Of the runs that have eigenvalues, by the run as given.
        environment: Where the report was made.
        command: The command that made it.
        made: When, ISO 8601.
    """

    runs: tuple[Run, ...]
    config: ReportConfig
    held: Held | None
    spectra: dict[str, Inspection]
    environment: dict[str, Any]
    command: str
    made: str

    def warnings(self) -> tuple[str, ...]:
        """Return what somebody should know before believing the rest."""
        found = [line for run in self.runs for line in run.warnings]
        if self.held is not None:
            found += self.held.evaluation.warnings
        found += [line for each in self.spectra.values() for line in each.warnings]
        return tuple(dict.fromkeys(found))

    def spectrum_of(self, run: Run) -> Inspection | None:
        """Return the spectrum of a run; None if its kind has none."""
        return self.spectra.get(str(run.path))

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        held = self.held
        return {
            "schema": SCHEMA,
            "made": self.made,
            "command": self.command,
            "runs": [run.document() for run in self.runs],
            "data": None if held is None else str(held.path),
            "doctor": None if held is None else held.diagnosis.document(),
            "evaluation": None if held is None else held.evaluation.document(),
            "spectra": [each.document() for each in self.spectra.values()],
            "environment": self.environment,
            "warnings": list(self.warnings()),
        }
