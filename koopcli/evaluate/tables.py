"""Writes an evaluation as JSON, CSV, Markdown, LaTeX and pictures."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from koopcli import plots
from koopcli.errors import ConfigError
from koopcli.evaluate.report import OBSERVATIONS, REWARDS, EvalReport, Row, label
from koopcli.files import write_text

FILES = (
    "results.json",
    "results.csv",
    "results.md",
    "results.tex",
    "error_over_horizon.png",
    "error_over_horizon.svg",
)
COLUMNS = ("model", "quantity", "horizon", "nrmse", "rmse", "mae", "r2", "starts")


def refuse(folder: Path, *, overwrite: bool) -> None:
    """Stop before any work if a result would be replaced.

    Raises:
        ConfigError: `folder` is a file, or holds results and `overwrite` is false.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; --output takes a folder")
    found = [name for name in FILES if (folder / name).exists()]
    if found and not overwrite:
        raise ConfigError(
            f"{folder / found[0]}: already exists; choose another folder or add "
            "--overwrite"
        )


def write(report: EvalReport, folder: Path, *, overwrite: bool = False) -> None:
    """Write all `FILES` into `folder`.

    Raises:
        ConfigError: One of them exists and `overwrite` is false.
    """
    refuse(folder, overwrite=overwrite)
    document = json.dumps(without_nan(report.document()), indent=1, allow_nan=False)
    write_text(folder / "results.json", document + "\n")
    write_text(folder / "results.csv", as_csv(report.rows))
    write_text(folder / "results.md", as_markdown(report))
    write_text(folder / "results.tex", as_latex(report))
    for name in FILES[4:]:
        plots.error_over_horizon(
            folder / name,
            {curve.label: curve.nrmse for curve in report.curves},
            report.protocol.horizons,
        )


def without_nan(value: Any) -> Any:
    """Replace NaN and infinities, at any depth, by None: JSON has no word for them."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def as_csv(rows: Sequence[Row]) -> str:
    """Return all rows at full precision; undefined values and no run are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [field.name for field in fields(Row)], lineterminator="\n"
    )
    writer.writeheader()
    for row in rows:
        writer.writerow(without_nan(asdict(row)))
    return text.getvalue()


def overall_rows(report: EvalReport) -> list[list[str]]:
    """Return the rows for people: observations and rewards, as `COLUMNS`."""
    return [
        _cells(row) for row in report.rows if row.quantity in (OBSERVATIONS, REWARDS)
    ]


def summary_rows(report: EvalReport) -> list[list[str]]:
    """Return model, mean NMSE and divergence rate, as text."""
    return [
        [
            label(summary.run, summary.model),
            _number(summary.mean_nmse),
            f"{100 * summary.divergence_rate:.2f} %",
        ]
        for summary in report.summaries
    ]


def as_markdown(report: EvalReport) -> str:
    """Return the protocol, the overall rows and the summary as Markdown."""
    protocol = report.protocol.document()
    parts = [
        "# Open-loop prediction error",
        markdown(list(COLUMNS), overall_rows(report)),
        markdown(["model", "mean NMSE", "diverged"], summary_rows(report)),
        "## Protocol",
        markdown(["setting", "value"], [[k, str(v)] for k, v in protocol.items()]),
    ]
    if report.warnings:
        parts += ["## Warnings", "\n".join(f"- {text}" for text in report.warnings)]
    return "\n\n".join(parts) + "\n"


def as_latex(report: EvalReport) -> str:
    """Return the NRMSE of the observations as a table (packages: booktabs)."""
    horizons = report.protocol.horizons
    lines = [
        r"% needs \usepackage{booktabs}; NRMSE of the observations, steps ahead",
        rf"\begin{{tabular}}{{l{'r' * len(horizons)}r}}",
        r"\toprule",
        " & ".join(["model", *map(str, horizons), r"diverged (\%)"]) + r" \\",
        r"\midrule",
    ]
    for summary in report.summaries:
        values = [
            _number(row.nrmse)
            for row in report.rows
            if (row.run, row.model) == (summary.run, summary.model)
            and row.quantity == OBSERVATIONS
        ]
        name = latex(label(summary.run, summary.model))
        rate = f"{100 * summary.divergence_rate:.2f}"
        lines.append(" & ".join([name, *values, rate]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _cells(row: Row) -> list[str]:
    values = [_number(value) for value in (row.nrmse, row.rmse, row.mae, row.r2)]
    name = label(row.run, row.model)
    return [name, row.quantity, str(row.horizon), *values, str(row.starts)]


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"


def markdown(columns: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |"
        for line in lines
    )


def latex(text: str) -> str:
    """Escape what LaTeX would read as a command."""
    return "".join(_LATEX.get(character, character) for character in text)


_LATEX = {
    **{character: "\\" + character for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
