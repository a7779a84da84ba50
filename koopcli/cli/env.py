"""`koopcli env`: what a result may depend on besides settings and data."""

from typing import Annotated

import typer

from koopcli.config.choices import Device


def env(
    device: Annotated[
        Device,
        typer.Option(
            help="Where to compute; gpu never falls back.", envvar="KOOPCLI_DEVICE"
        ),
    ] = Device.AUTO,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """Show device, precision, versions and variables, for a bug report.

    A run folder has the same in environment.json.

    Example: koopcli env --json
    """
    from koopcli import device as devices
    from koopcli import environment
    from koopcli.cli import render

    devices.select(device)
    found = environment.describe()
    if as_json:
        render.json_document(found)
        return
    rows = []
    for name, value in found.items():
        if isinstance(value, dict):
            rows += [[f"{name}.{key}", _text(part)] for key, part in value.items()]
        elif name != "schema":
            rows.append([name, _text(value)])
    render.table("Environment", ["what", "value"], rows)


def _text(value: object) -> str:
    return "-" if value is None else str(value)
