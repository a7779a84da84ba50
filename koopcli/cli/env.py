"""`koopcli env`: what a result may depend on besides settings and data."""

from koopcli.cli.options import AsJson, Where
from koopcli.config.choices import Device


def env(
    device: Where = Device.AUTO,
    as_json: AsJson = False,
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
