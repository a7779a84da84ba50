"""The result of simulating whole episodes: errors per episode and over all of them."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from koopcli import __version__, files
from koopcli.evaluate import measures
from koopcli.evaluate.formats import without_nan
from koopcli.evaluate.metrics import Sums
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import OBSERVATIONS
from koopcli.files import write_text

SCHEMA = "koopcli.simulation/1"
FILES = ("simulation.json", "simulation.csv")
ALL = "all episodes"
COLUMNS = ("model", "episode", "quantity", "samples", "rmse", "nrmse", "mae", "r2")


@dataclass(frozen=True)
class SimulationProtocol:
    """What exactly was simulated.

    Attributes:
        dataset: Path of the dataset file, as given.
        dataset_sha256: Hash of that file.
        split: Episodes simulated.
        episodes: Their number.
        n_init: Samples given at the start of each, the past of a delay embedding
            included; the rest is simulated and scored.
        reencode_every: Steps between re-encodings of each run; 0 never.
        dt: Seconds per step.
        dt_known: False when dt is a placeholder.
        device: Where the models ran.
        teacher_forcing: Always `none`: nothing measured after `n_init` is seen.
        koopcli_version: Version of this program.
    """

    dataset: str
    dataset_sha256: str
    split: str
    episodes: int
    n_init: int
    reencode_every: dict[str, int]
    dt: float
    dt_known: bool
    device: str
    teacher_forcing: str = "none"
    koopcli_version: str = __version__


@dataclass(frozen=True)
class SimulationRow:
    """Errors of one model in one quantity over one episode; NaN if undefined.

    Attributes:
        run: The run as given, or None for a baseline.
        model: Kind of model, `persistence` or `linear`.
        episode: Number in the dataset; None: over the samples of all episodes.
        source: Where the episode came from.
        quantity: `observations` (mean over dimensions), or the name of a dimension.
        samples: Scored samples.
        rmse: Root of the mean squared error, physical units.
        nrmse: The same in units of the training standard deviation.
        mae: Mean absolute error.
        r2: Share of the variance of the truth explained.
    """

    run: str | None
    model: str
    episode: int | None
    source: str
    quantity: str
    samples: int
    rmse: float
    nrmse: float
    mae: float
    r2: float


@dataclass(frozen=True)
class SimulationReport:
    """Everything a simulation found."""

    protocol: SimulationProtocol
    rows: tuple[SimulationRow, ...]
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document; NaN and infinities are the printer's to replace."""
        return {
            "schema": SCHEMA,
            "protocol": asdict(self.protocol),
            "results": [asdict(row) for row in self.rows],
            "warnings": list(self.warnings),
        }


def rows(
    entrant: tuple[str | None, str],
    episode: tuple[int | None, str],
    sums: Sums,
    scales: Float[np.ndarray, " dim"],
    names: Sequence[str],
) -> list[SimulationRow]:
    """Turn the sums over one or all episodes into rows: all dimensions, then each.

    Args:
        entrant: Run and kind of model.
        episode: Number and source of the episode.
        sums: Sums over its samples, as one step.
        scales: Training standard deviation of each dimension.
        names: Name of each dimension.
    """
    tables = (
        ((OBSERVATIONS,), measures.overall(sums, scales)),
        (tuple(names), measures.per_dimension(sums, scales)),
    )
    return [
        SimulationRow(
            run=entrant[0],
            model=entrant[1],
            episode=episode[0],
            source=episode[1],
            quantity=quantity,
            samples=int(scores.starts[0]),
            rmse=float(scores.rmse[0, column]),
            nrmse=float(scores.nrmse[0, column]),
            mae=float(scores.mae[0, column]),
            r2=float(scores.r2[0, column]),
        )
        for quantities, scores in tables
        for column, quantity in enumerate(quantities)
    ]


def cells(report: SimulationReport, limit: int = 12) -> list[list[str]]:
    """Return rows for people: outputs over all episodes, and per episode if few."""
    episodes = report.protocol.episodes
    # A single dimension says the same as all of them together; so does one episode.
    single = len({row.quantity for row in report.rows}) == 2
    shown = []
    for row in report.rows:
        hidden = episodes == 1 if row.episode is None else episodes > limit
        if hidden or (single and row.quantity == OBSERVATIONS):
            continue
        place = ALL if row.episode is None else f"{row.episode}: {row.source}"
        values = [
            f"{value:.4g}" if math.isfinite(value) else "-"
            for value in (row.rmse, row.nrmse, row.mae, row.r2)
        ]
        name = label(row.run, row.model)
        shown.append([name, place, row.quantity, str(row.samples), *values])
    return shown


def write(report: SimulationReport, folder: Path, *, overwrite: bool = False) -> None:
    """Write all `FILES` into `folder`.

    Raises:
        ConfigError: One of them exists and `overwrite` is false.
    """
    files.refuse_results(folder, FILES, overwrite=overwrite)
    document = json.dumps(without_nan(report.document()), indent=1, allow_nan=False)
    write_text(folder / FILES[0], document + "\n")
    text = io.StringIO()
    names = [field.name for field in fields(SimulationRow)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(without_nan(asdict(row)) for row in report.rows)
    write_text(folder / FILES[1], text.getvalue())
