"""`koopcli doctor`: finds faults in data, and explains them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.options import AsJson
from koopcli.config.data import IngestConfig
from koopcli.config.training import TrainConfig
from koopcli.errors import ConfigError, DataError

DEFAULT = TrainConfig()
SHOWN = 3
"""Places shown per finding; --json has more."""


def doctor(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA|SOURCE...", help="Dataset file, or what `ingest` reads."
        ),
    ],
    horizon: Annotated[
        int, typer.Option(help="Steps that a model is to be trained on.")
    ] = DEFAULT.horizon,
    format: Annotated[
        str | None,
        typer.Option(help="Reader of the sources.", show_default="auto detects"),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="Meaning of the sources in TOML, as for `ingest`."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 3 if there are errors or warnings."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for faults in a dataset file or in sources, without writing anything.

    Example: koopcli doctor hopper-medium.hdf5
    """
    from koopcli.cli import render
    from koopcli.data import mapping_file
    from koopcli.doctor.examine import examine

    if horizon < 1:
        raise ConfigError(f"--horizon must be >= 1, got {horizon}")
    settings = {} if mapping is None else mapping_file.read(mapping)
    if format is not None:
        settings["format"] = format
    report = examine(sources, IngestConfig(**settings), horizon)
    if as_json:
        render.json_document(report.document())
    else:
        _print(report)
    counts = report.counts()
    if strict and counts["error"] + counts["warning"]:
        raise DataError(
            f"{', '.join(sources)}: errors {counts['error']}, warnings "
            f"{counts['warning']} (--strict)"
        )


def _print(report: Any) -> None:
    from koopcli.cli import render

    counts = report.counts()
    said = ", ".join(f"{name}s {number}" for name, number in counts.items())
    for severity in counts:
        rows = [
            [f"{finding.check}: {finding.what}\n→ {finding.advice}", _where(finding)]
            for finding in report.findings
            if finding.severity == severity
        ]
        if rows:
            render.table(f"{severity}s", ["what, and what to do", "where"], rows)
    render.text(f"episodes {report.episodes}, steps {report.steps}: {said}")


def _where(finding: Any) -> str:
    lines = [str(place) for place in finding.places[:SHOWN]]
    more = finding.count - len(lines)
    return "\n".join([*lines, f"and {more} more"] if lines and more > 0 else lines)
