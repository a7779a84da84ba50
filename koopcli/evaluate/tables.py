"""Writes an evaluation as JSON, CSV, Parquet, Markdown, LaTeX and pictures."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from koopcli import files
from koopcli.evaluate import figures
from koopcli.evaluate.formats import (
    as_csv,
    latex,
    markdown,
    number,
    tabular,
    without_nan,
    write_parquet,
)
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import OBSERVATIONS, EvalReport
from koopcli.evaluate.sections import sections
from koopcli.files import write_text

MORE = (
    *("comparisons", "quantiles", "sources", "episodes", "latents", "reencoding"),
    *("lyapunov", "long_run"),
)
"""Tables with a CSV of their own, if they have rows."""
FILES = (
    "results.json",
    "results.csv",
    "results.parquet",
    "results.md",
    "results.tex",
    *(f"{name}.csv" for name in MORE),
    *figures.FILES,
)


def write(
    report: EvalReport,
    folder: Path,
    *,
    overwrite: bool = False,
    dims: Sequence[str] = (),
) -> list[str]:
    """Write those `FILES` into `folder` that there is something for.

    Args:
        report: The evaluation.
        folder: Where to.
        overwrite: Replace older results, and remove those that are not made again.
        dims: Dimensions of the example rollouts; empty: the first few.

    Returns:
        The names of the files that were written.

    Raises:
        ConfigError: One of them exists and `overwrite` is false, or a dimension is
            unknown.
    """
    files.refuse_results(folder, FILES, overwrite=overwrite)
    figures.columns(figures.dimensions(report), dims)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    rows = [asdict(row) for row in report.rows]
    document = json.dumps(without_nan(report.document()), indent=1, allow_nan=False)
    write_text(folder / "results.json", document + "\n")
    write_text(folder / "results.csv", as_csv(rows))
    write_parquet(rows, folder / "results.parquet")
    write_text(folder / "results.md", as_markdown(report))
    write_text(folder / "results.tex", as_latex(report))
    for name in MORE:
        if report.more.get(name):
            write_text(folder / f"{name}.csv", as_csv(report.more[name]))
    figures.draw(report, folder, dims)
    return [name for name in FILES if (folder / name).exists()]


def as_markdown(report: EvalReport) -> str:
    """Return all tables, the protocol and the warnings as Markdown."""
    parts = ["# Open-loop prediction error"]
    for title, columns, rows in sections(report):
        parts += [f"## {title}", markdown(list(columns), rows)]
    protocol = report.protocol.document()
    rows = [[name, str(value)] for name, value in protocol.items()]
    parts += ["## Protocol", markdown(["setting", "value"], rows)]
    if report.warnings:
        parts += ["## Warnings", "\n".join(f"- {text}" for text in report.warnings)]
    return "\n\n".join(parts) + "\n"


def as_latex(report: EvalReport) -> str:
    """Return the NRMSE of the observations, then all tables (packages: booktabs)."""
    horizons = report.protocol.horizons
    rows = [
        [
            label(summary.run, summary.model),
            *(
                number(row.nrmse)
                for row in report.rows
                if (row.run, row.model) == (summary.run, summary.model)
                and row.quantity == OBSERVATIONS
            ),
            f"{100 * summary.divergence_rate:.2f}",
        ]
        for summary in report.summaries
    ]
    columns = ["model", *map(str, horizons), "diverged (%)"]
    parts = [
        r"% needs \usepackage{booktabs}",
        "% NRMSE of the observations, steps ahead\n" + tabular(columns, rows),
    ]
    for title, names, cells in sections(report):
        parts.append(f"% {latex(title)}\n" + tabular(names, cells))
    return "\n\n".join(parts) + "\n"
