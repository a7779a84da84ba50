"""`koopcli report`: one page about runs, to read, print and pass on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli import quantities
from koopcli.cli.command_line import command_line
from koopcli.cli.options import OverwriteFile, Where
from koopcli.config.choices import Device, Split
from koopcli.config.report import ReportConfig
from koopcli.errors import ConfigError

DEFAULT = ReportConfig()
HORIZONS = ",".join(map(str, DEFAULT.horizons))


def report(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders or model files.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="HTML file to write.", metavar="FILE")
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="Dataset to hold them against: errors, verified modes."),
    ] = None,
    split: Annotated[
        Split, typer.Option(help="Episodes that judge predictions and modes.")
    ] = DEFAULT.split,
    horizons: Annotated[
        str, typer.Option(help="Steps ahead to report, separated by commas.")
    ] = HORIZONS,
    tolerance: Annotated[
        float, typer.Option(help="Residual below which a mode is verified.")
    ] = DEFAULT.tolerance,
    device: Where = Device.AUTO,
    overwrite: OverwriteFile = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was collected, as one document.")
    ] = False,
) -> None:
    """Write one HTML page: training, data, errors, rollouts, spectrum, how to repeat it.

    It needs no network and nothing beside it; several runs stand side by side.

    Example: koopcli report runs/a runs/b --data data.h5 --output report.html
    """
    from koopcli.cli import progress, render
    from koopcli.files import refuse_overwrite, write_text
    from koopcli.report.collect import Listener, collect
    from koopcli.report.page import page

    config = ReportConfig(
        split=split,
        horizons=quantities.numbers(horizons, "--horizons"),
        tolerance=tolerance,
    )
    if output.is_dir():
        raise ConfigError(f"{output}: is a folder; --output takes a file")
    refuse_overwrite(output, overwrite=overwrite)
    with progress.counter("starts") as show:
        material = collect(
            runs,
            data,
            config,
            device=device,
            command=command_line(),
            listener=Listener(tell=render.remark, progress=show),
        )
    write_text(output, page(material))
    render.remark(f"wrote {output}: {output.stat().st_size / 1e6:.1f} MB")
    for warning in material.warnings():
        render.warning(warning)
    if as_json:
        render.json_document(material.document())
    else:
        _print(material)


def _print(material: Any) -> None:
    from koopcli.cli import render
    from koopcli.report import glance

    table = glance.summary(material)
    render.table(table.title, list(table.columns), [list(row) for row in table.rows])
