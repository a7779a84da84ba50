"""Writes a comparison as JSON, CSV, Markdown, LaTeX and pictures."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from koopcli.compare import figure
from koopcli.compare.layout import Cell, Table, rankings, tables
from koopcli.compare.scores import Comparison, Group, Measure, Score, Spread
from koopcli.evaluate.formats import latex, markdown, without_nan
from koopcli.files import write_text

SCHEMA = "koopcli.compare/1"
FILES = (
    "comparison.json",
    "comparison.csv",
    "comparison.md",
    "comparison.tex",
    "comparison.png",
    "comparison.svg",
)
COST = (
    "status",
    "parameters",
    "steps",
    "best_step",
    "training_seconds",
    "wall_seconds",
    "steps_per_second",
    "batch_size",
    "horizon",
)
"""Fields of a record in the CSV."""


def write(comparison: Comparison, folder: Path) -> None:
    """Write all `FILES` into `folder`; older ones are replaced."""
    text = json.dumps(document(comparison), indent=1, allow_nan=False)
    write_text(folder / FILES[0], text + "\n")
    write_text(folder / FILES[1], as_csv(comparison))
    write_text(folder / FILES[2], as_markdown(comparison))
    write_text(folder / FILES[3], as_latex(comparison))
    for name in FILES[4:]:
        figure.draw(folder / name, comparison)


def document(comparison: Comparison) -> dict[str, Any]:
    """Return the JSON document; NaN and infinities are null."""
    measures = comparison.measures
    groups = comparison.groups
    return without_nan(
        {
            "schema": SCHEMA,
            "request": comparison.request,
            "protocol": comparison.protocol,
            "runs": [_run(score) for group in groups for score in group.scores],
            "models": [_model(group, measures) for group in groups],
            "rankings": [
                {
                    **measure._asdict(),
                    "models": [group.model for group in comparison.ranking(measure)],
                }
                for measure in measures
            ],
            "warnings": list(comparison.warnings),
        }
    )


def as_csv(comparison: Comparison) -> str:
    """Return one row per run and baseline at full precision; what is not is empty."""
    text = io.StringIO()
    errors = {measure: "_".join(map(str, measure)) for measure in comparison.measures}
    columns = ["run", "model", "seed", *COST, *errors.values(), "divergence_rate"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for group in comparison.groups:
        for score in group.scores:
            row: dict[str, Any] = {"run": score.name, "model": score.model}
            cost = {} if score.record is None else score.record.document()
            row |= {name: cost.get(name) for name in ("seed", *COST)}
            row |= {name: score.errors.get(each) for each, name in errors.items()}
            writer.writerow(
                without_nan(row | {"divergence_rate": score.divergence_rate})
            )
    return text.getvalue()


def as_markdown(comparison: Comparison) -> str:
    """Return the tables, the rankings and the protocol as Markdown."""
    parts = ["# Comparison"]
    for table in tables(comparison):
        rows = [[_bold(cell) for cell in row] for row in table.rows]
        parts += [f"## {table.title}", markdown(list(table.columns), rows)]
    parts += ["## Order", _bullets(rankings(comparison))]
    if comparison.warnings:
        parts += ["## Warnings", _bullets(comparison.warnings)]
    settings = comparison.request | comparison.protocol
    rows = [[name, str(value)] for name, value in settings.items()]
    parts += ["## Protocol", markdown(["setting", "value"], rows)]
    return "\n\n".join(parts) + "\n"


def as_latex(comparison: Comparison) -> str:
    """Return each table as a tabular (package: booktabs)."""
    lines = [r"% needs \usepackage{booktabs}"]
    for table in tables(comparison):
        lines += ["", *_tabular(table)]
    return "\n".join(lines) + "\n"


def _tabular(table: Table) -> list[str]:
    return [
        f"% {table.title}",
        rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}",
        r"\toprule",
        " & ".join(map(latex, table.columns)) + r" \\",
        r"\midrule",
        *(" & ".join(map(_textbf, row)) + r" \\" for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _textbf(cell: Cell) -> str:
    text = latex(cell.text).replace("±", r"$\pm$")
    return rf"\textbf{{{text}}}" if cell.best else text


def _bold(cell: Cell) -> str:
    return f"**{cell.text}**" if cell.best else cell.text


def _bullets(lines: Any) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _run(score: Score) -> dict[str, Any]:
    record = None if score.record is None else score.record.document()
    return {
        "run": score.name,
        "model": score.model,
        "training": record,
        "errors": [
            {**measure._asdict(), "value": value}
            for measure, value in score.errors.items()
        ],
        "divergence_rate": score.divergence_rate,
    }


def _model(group: Group, measures: tuple[Measure, ...]) -> dict[str, Any]:
    costs = ("parameters", "steps", "training_seconds", "steps_per_second")
    return {
        "model": group.model,
        "runs": len(group.scores),
        "finished": len(group.finished),
        **{name: _spread(group.cost(name)) for name in (*costs, "wall_seconds")},
        "errors": [
            {**measure._asdict(), **(_spread(group.error(measure)) or {"mean": None})}
            for measure in measures
        ],
        "divergence_rate": _spread(group.divergence_rate),
    }


def _spread(value: Spread | None) -> dict[str, Any] | None:
    return None if value is None else value._asdict()
