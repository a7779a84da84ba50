"""`koopcli ingest`: from foreign trajectories to one dataset file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.config import IngestConfig

DEFAULT = IngestConfig()


def ingest(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="Files, folders or Minari ids."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Dataset file to write (HDF5).")
    ],
    format: Annotated[
        str, typer.Option(help="Reader: minari, d4rl; auto detects.")
    ] = DEFAULT.format,
    dt: Annotated[
        float | None,
        typer.Option(
            help="Seconds between two observations.",
            show_default="what the source knows, else 1",
        ),
    ] = DEFAULT.dt,
    val_fraction: Annotated[
        float, typer.Option(help="Share of the episodes for validation.")
    ] = DEFAULT.val_fraction,
    test_fraction: Annotated[
        float, typer.Option(help="Share of the episodes for the final test.")
    ] = DEFAULT.test_fraction,
    seed: Annotated[int, typer.Option(help="Seed of the split.")] = DEFAULT.seed,
    min_length: Annotated[
        int, typer.Option(help="Drop episodes with fewer steps; they are counted.")
    ] = DEFAULT.min_length,
    max_episode_steps: Annotated[
        int | None,
        typer.Option(help="Time limit, for files that do not mark time-outs."),
    ] = DEFAULT.max_episode_steps,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output file.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document.")
    ] = False,
) -> None:
    """Read trajectories, check them, split them by episode, write a dataset file.

    Example: koopcli ingest hopper-medium.hdf5 --output hopper.h5
    """
    from koopcli.cli import render
    from koopcli.data.ingest import ingest as verb

    config = IngestConfig(
        format=format,
        dt=dt,
        val_fraction=val_fraction,
        test_fraction=test_fraction,
        seed=seed,
        min_length=min_length,
        max_episode_steps=max_episode_steps,
    )
    report = verb(sources, output, config, overwrite=overwrite, command=command_line())
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        document = {"schema": "koopcli.ingest/1", "output": str(output)}
        render.json_document(document | report.as_json())
    else:
        _print(report, output)


def _print(report: Any, output: Path) -> None:
    from koopcli.cli import render

    shortest, median, longest = report.lengths
    known = f"{render.number(report.dt)} s ({report.dt_source})"
    rows = [
        ["format", ", ".join(report.formats)],
        ["episodes", str(report.episodes)],
        ["steps", str(report.steps)],
        ["episode length", f"{shortest} … {median:g} … {longest}"],
        ["observation columns", str(len(report.observation_names))],
        ["action columns", str(len(report.action_names))],
        ["sampling time", known],
        ["terminations", str(report.terminations)],
        ["truncations", str(report.truncations)],
        ["splits", ", ".join(f"{name} {n}" for name, n in report.splits.items())],
    ]
    if report.returns is not None:
        values = " … ".join(render.number(value) for value in report.returns)
        rows.insert(4, ["return", values])
    else:
        rows.insert(4, ["rewards", "absent"])
    for why, (episodes, steps) in report.dropped.items():
        rows.append([f"dropped: {why}", f"{episodes} episodes, {steps} steps"])
    if not report.dropped:
        rows.append(["dropped", "nothing"])
    render.table(f"{output}", ["what", "value"], rows)
    ranges = [
        [name, *(render.number(value) for value in values)]
        for name, values in report.ranges.items()
    ]
    render.table("Training split", ["column", "min", "mean", "std", "max"], ranges)
