"""What `inspect-eigenvalues` writes: one picture, a folder of results, a linear model."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import plots
from koopcli.files import refuse_overwrite, replacing, write_text
from koopcli.spectrum import export_linear, figures
from koopcli.spectrum.inspect import Inspection
from koopcli.spectrum.linear_form import LinearForm

JSON, MODES_CSV = "spectrum.json", "modes.csv"


@dataclass(frozen=True)
class Targets:
    """Where results go; None: nowhere.

    Attributes:
        plot: One picture of the unit disc.
        folder: JSON, a CSV of the modes, all pictures.
        linear: The matrices.
    """

    plot: Path | None = None
    folder: Path | None = None
    linear: Path | None = None


def refuse(targets: Targets, *, overwrite: bool) -> None:
    """Stop before any work if something cannot be written.

    Raises:
        ConfigError: A file exists and may not be replaced, or has an unknown suffix.
    """
    if targets.plot is not None:
        plots.check_format(targets.plot)
        refuse_overwrite(targets.plot, overwrite=overwrite)
    if targets.linear is not None:
        export_linear.check_format(targets.linear)
        refuse_overwrite(targets.linear, overwrite=overwrite)
    if targets.folder is not None:
        for name in (JSON, MODES_CSV):
            refuse_overwrite(targets.folder / name, overwrite=overwrite)
        figures.refuse(targets.folder, overwrite=overwrite)


def write(found: Inspection, targets: Targets, document: str) -> Iterator[str]:
    """Write what is asked for; yield a line about each.

    Args:
        found: The spectrum.
        targets: Where to.
        document: Its JSON document as text.
    """
    if targets.plot is not None:
        plots.unit_disc(targets.plot, found.eigenvalues())
        yield f"wrote {targets.plot}"
    if targets.linear is not None:
        form = found.linear_form
        export_linear.write(targets.linear, form, found.modal.meta)
        yield f"wrote {targets.linear}: {_kind(form)}"
    if targets.folder is not None:
        write_text(targets.folder / JSON, document + "\n")
        _write_modes(targets.folder / MODES_CSV, found)
        figures.write(found, targets.folder)
        pictures = ", ".join(figures.names(found))
        yield f"wrote {targets.folder}/: {JSON}, {MODES_CSV}; pictures {pictures}"


def _kind(form: LinearForm) -> str:
    named = {"B": form.exact.input, "C": form.exact.output, "E": form.exact.encoder}
    bent = [name for name, exact in named.items() if not exact]
    if not bent:
        return "exact between re-encodings"
    return (
        f"{', '.join(bent)}: derivatives at the training mean, the maps are not linear"
    )


def _write_modes(path: Path, found: Inspection) -> None:
    rows = [
        {name: value for name, value in row.items() if not _is_list(value)}
        for row in found.document()["modes"]
    ]
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | np.ndarray)
