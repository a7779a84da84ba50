"""How wrong the predictions are: the tables and pictures of `koopcli eval`."""

from collections.abc import Iterator

import numpy as np

from koopcli.evaluate.figures import dimensions, labels
from koopcli.evaluate.formats import number
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import EvalReport
from koopcli.evaluate.sections import sections
from koopcli.report.blocks import Block, Part, Section, Text
from koopcli.report.material import NO_DATA, Material
from koopcli.report.pictures import Album
from koopcli.report.words import table, together

INTRODUCTION = (
    "Every model starts from recorded states and is never shown another observation. "
    "NRMSE 1 is an error as large as the standard deviation of the training data; "
    "persistence repeats the start, linear is least squares on one step. Intervals come "
    "from draws of whole episodes. Every formula is in docs/metrics.md."
)


def section(material: Material, album: Album) -> Section:
    """Return the section; the pictures of the evaluation are in `album`."""
    if material.held is None:
        return Section("accuracy", "Prediction error", (Text(NO_DATA),))
    report = material.held.evaluation
    blocks: list[Block] = [
        Text(INTRODUCTION),
        *album.pictures(
            "error_over_horizon",
            f"NRMSE over steps ahead. {_ends(report)}.",
            "Error over the horizon, with its interval; both axes are logarithmic.",
        ),
        *_tables(report),
        *_pictures(report, album),
    ]
    return Section("accuracy", "Prediction error", tuple(blocks))


def _tables(report: EvalReport) -> list[Block]:
    found = [table(cells, labels(report)) for cells in sections(report)]
    # What is looked up rather than read is folded away; the first section has the errors.
    last = ("Error by steps", "The same against", "Latents", "Worst episodes")
    return [
        Part(each.title, (each,), folded=True) if each.title.startswith(last) else each
        for each in found
    ]


def _pictures(report: EvalReport, album: Album) -> Iterator[Block]:
    horizon = report.protocol.horizons[-1]
    yield from album.pictures(
        "dimensions",
        f"NRMSE by dimension, {horizon} steps ahead. {_dimensions(report)}.",
        "Which dimensions are predicted well; darker is better.",
    )
    yield from album.pictures(
        "histogram",
        f"Spread of the NRMSE over starts, {horizon} steps ahead. {_spread(report)}.",
        "The error of single starts: a mean may hide a few bad ones.",
    )
    yield from album.pictures(
        "reencoding",
        "Mean NMSE against the steps between re-encodings; the table above has the values.",
        "The best interval between re-encodings is ringed.",
    )


def _ends(report: EvalReport) -> str:
    names, horizon = labels(report), report.protocol.horizons[-1]
    return f"At {horizon} steps: " + together(
        f"{names[curve.label]} {number(float(curve.nrmse[-1]))}"
        for curve in report.curves
    )


def _dimensions(report: EvalReport) -> str:
    names, horizon = dimensions(report), report.protocol.horizons[-1]
    said = []
    for summary in report.summaries:
        if summary.run is None:
            continue
        errors = {
            row.quantity: row.nrmse
            for row in report.rows
            if (row.run, row.horizon) == (summary.run, horizon)
            and row.quantity in names
            and np.isfinite(row.nrmse)
        }
        who = labels(report)[label(summary.run, summary.model)]
        if errors:
            best, worst = (
                min(errors, key=errors.__getitem__),
                max(errors, key=errors.__getitem__),
            )
            said.append(
                f"{who}: best {best} ({number(errors[best])}), worst {worst} "
                f"({number(errors[worst])})"
            )
    return together(said)


def _spread(report: EvalReport) -> str:
    said = []
    for full, errors in report.spread.items():
        known = errors[np.isfinite(errors)]
        if len(known):
            middle, high = np.quantile(known, [0.5, 0.95])
            said.append(
                f"{labels(report)[full]}: median {number(float(middle))}, 95 % below "
                f"{number(float(high))}"
            )
    return together(said)
