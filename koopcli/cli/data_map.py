"""`koopcli eval --data-map`: which training windows are hard, ambiguous or suspicious."""

from collections.abc import Sequence
from pathlib import Path

from koopcli.errors import ConfigError


def show(
    runs: Sequence[Path],
    dataset: Path,
    output: Path | None,
    *,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Print the data map of a run, and write it into `output`.

    Raises:
        ConfigError: Several runs, or results that may not be replaced.
    """
    from koopcli.cli import render
    from koopcli.evaluate import data_map
    from koopcli.files import refuse_results

    if len(runs) != 1:
        raise ConfigError("--data-map speaks of one RUN; ask for one after the other")
    if output is not None:
        refuse_results(output, data_map.FILES, overwrite=overwrite)
    report = data_map.data_map(runs[0], dataset)
    if output is not None:
        data_map.write(report, output, overwrite=overwrite)
        render.remark(f"wrote {output}/: {', '.join(data_map.FILES)}")
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        render.json_document(report.document())
        return
    protocol = report.protocol
    render.remark(
        f"{protocol['windows']} training windows of up to {protocol['horizon']} steps, "
        f"{len(protocol['validations'])} validations; typical error at the end "
        f"{protocol['typical_error']:.3g} training variances; all windows: --json or "
        "--output"
    )
    if not report.of_kind("suspicious"):
        render.remark("no window is suspicious")
    for title, columns, rows in data_map.sections(report):
        render.table(title, list(columns), rows)
