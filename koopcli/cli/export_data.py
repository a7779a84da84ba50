"""`koopcli export-data`: a dataset file in a format of others."""

from pathlib import Path
from typing import Annotated

import typer

from koopcli.cli.options import AsJson, OverwriteFile
from koopcli.config.choices import ExportFormat, Split


def export_data(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Dataset file.")],
    format: Annotated[ExportFormat, typer.Option(help="Format to write.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File (minari: folder) to write.")
    ],
    split: Annotated[
        Split | None,
        typer.Option(
            help="Only these episodes.", show_default="all, with their splits"
        ),
    ] = None,
    overwrite: OverwriteFile = False,
    as_json: AsJson = False,
) -> None:
    """Write the episodes of a dataset file as minari, d4rl, csv or parquet.

    `koopcli ingest` makes the same episodes of it again; for csv and parquet with the
    mapping file (.toml) that is written beside.

    Example: koopcli export-data data.h5 --format csv --output data.csv
    """
    from koopcli.cli import render
    from koopcli.data.export import export

    report = export(data, output, format, split=split, overwrite=overwrite)
    for remark in report.remarks:
        render.warning(remark)
    if as_json:
        document = {"schema": "koopcli.export/1", "output": str(output)}
        render.json_document(document | report.as_json())
        return
    mapping = "" if report.mapping is None else f" --mapping {report.mapping}"
    render.text(f"{output}: {report.episodes} episodes, {report.steps} steps")
    render.remark(f"read it back: koopcli ingest {output}{mapping} --output NEW.h5")
