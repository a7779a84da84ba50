"""`koopcli ingest`: from foreign trajectories to one dataset file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from koopcli.cli.command_line import command_line
from koopcli.cli.options import (
    AsJson,
    OverwriteFile,
    SplitSeed,
    TestFraction,
    ValFraction,
)
from koopcli.config.choices import ActionAlign, TimeUnit
from koopcli.config.data import IngestConfig
from koopcli.errors import ConfigError

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
        str | None,
        typer.Option(
            help="Reader: csv, d4rl, lerobot, matlab, minari, npz, parquet, robomimic; "
            "auto detects.",
            show_default=DEFAULT.format,
        ),
    ] = None,
    dt: Annotated[
        float | None,
        typer.Option(
            help="Seconds between two observations.",
            show_default="what the source knows, else 1",
        ),
    ] = DEFAULT.dt,
    val_fraction: ValFraction = None,
    test_fraction: TestFraction = None,
    seed: SplitSeed = None,
    min_length: Annotated[
        int, typer.Option(help="Drop episodes with fewer steps; they are counted.")
    ] = DEFAULT.min_length,
    max_episode_steps: Annotated[
        int | None,
        typer.Option(help="Time limit, for files that do not mark time-outs."),
    ] = DEFAULT.max_episode_steps,
    obs_keys: Annotated[
        str | None,
        typer.Option(
            help="Observations by name (robomimic, LeRobot, Minari, D4RL): a,b."
        ),
    ] = None,
    obs_cols: Annotated[
        str | None,
        typer.Option(
            help="Observations: names, patterns or numbers, such as 'y*,speed'.",
        ),
    ] = None,
    action_cols: Annotated[
        str | None,
        typer.Option(help="Actions, given likewise."),
    ] = None,
    reward_col: Annotated[str | None, typer.Option(help="Reward.")] = None,
    terminal_col: Annotated[
        str | None,
        typer.Option(help="True where the system ended by itself."),
    ] = None,
    timeout_col: Annotated[
        str | None,
        typer.Option(help="True where only the recording ended."),
    ] = None,
    episode_col: Annotated[
        str | None,
        typer.Option(help="Tells episodes apart."),
    ] = None,
    time_col: Annotated[str | None, typer.Option(help="Time.")] = None,
    time_unit: Annotated[
        TimeUnit | None,
        typer.Option(
            help="Unit of the time column.",
            show_default="from its name (t_ms), else s",
        ),
    ] = None,
    split_col: Annotated[
        str | None,
        typer.Option(help="Says train, val or test."),
    ] = None,
    action_align: Annotated[
        ActionAlign | None,
        typer.Option(
            help="Whether a row's action leads from its observation or led to it.",
            show_default=DEFAULT.action_align.value,
        ),
    ] = None,
    resample: Annotated[
        float | None,
        typer.Option(help="Interpolate uneven time to this step (s)."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="Read the meaning of a source from TOML; flags win."),
    ] = None,
    write_mapping: Annotated[
        Path | None, typer.Option(help="Write the meaning of the source as TOML.")
    ] = None,
    train_rows: Annotated[
        str | None,
        typer.Option(
            help="Rows of a table for training: 0:100,200:300, from 0.",
        ),
    ] = None,
    val_rows: Annotated[
        str | None,
        typer.Option(help="Rows for validation."),
    ] = None,
    test_rows: Annotated[
        str | None,
        typer.Option(help="Rows for the final test."),
    ] = None,
    subsample: Annotated[
        int | None,
        typer.Option(
            help="Keep every so many observations.",
            show_default=str(DEFAULT.subsample),
        ),
    ] = None,
    delay_embed: Annotated[
        int | None,
        typer.Option(
            help="Join so many observations, and the actions between, into one.",
            show_default=str(DEFAULT.delay_embed),
        ),
    ] = None,
    delay_lag: Annotated[
        int | None,
        typer.Option(
            help="Steps between two observations that --delay-embed joins.",
            show_default=str(DEFAULT.delay_lag),
        ),
    ] = None,
    episodes: Annotated[
        str | None,
        typer.Option(help="Keep these episodes: 0,4,10:20, from 0."),
    ] = None,
    max_episodes: Annotated[
        int | None,
        typer.Option(help="Keep at most so many."),
    ] = None,
    min_return: Annotated[
        float | None,
        typer.Option(help="Drop smaller sums of rewards."),
    ] = None,
    max_return: Annotated[
        float | None,
        typer.Option(help="Drop larger sums of rewards."),
    ] = None,
    drop_terminated: Annotated[
        bool,
        typer.Option("--drop-terminated", help="Drop those that ended by themselves."),
    ] = DEFAULT.drop_terminated,
    overwrite: OverwriteFile = False,
    append: Annotated[
        bool,
        typer.Option("--append", help="Add the episodes to those of the output file."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read trajectories, check them, split them by episode, write a dataset file.

    Example: koopcli ingest hopper-medium.hdf5 --output hopper.h5
    """
    from koopcli.cli import render
    from koopcli.data import appending, mapping_file, store
    from koopcli.data.ingest import ingest as verb
    from koopcli.files import refuse_overwrite

    meaning = {
        "format": format,
        "dt": dt,
        "max_episode_steps": max_episode_steps,
        "obs_keys": _list(obs_keys, "--obs-keys"),
        "obs_cols": _list(obs_cols, "--obs-cols"),
        "action_cols": _list(action_cols, "--action-cols"),
        "reward_col": reward_col,
        "terminal_col": terminal_col,
        "timeout_col": timeout_col,
        "episode_col": episode_col,
        "time_col": time_col,
        "time_unit": time_unit,
        "split_col": split_col,
        "train_rows": _list(train_rows, "--train-rows"),
        "val_rows": _list(val_rows, "--val-rows"),
        "test_rows": _list(test_rows, "--test-rows"),
        "action_align": action_align,
        "resample": resample,
        "subsample": subsample,
        "delay_embed": delay_embed,
        "delay_lag": delay_lag,
        "val_fraction": val_fraction,
        "test_fraction": test_fraction,
        "seed": seed,
    }
    stored = {} if mapping is None else mapping_file.read(mapping)
    given = {name: value for name, value in meaning.items() if value is not None}
    split = appending.split_settings(store.load(output, held=0)) if append else {}
    config = IngestConfig(
        min_length=min_length,
        episodes=episodes,
        max_episodes=max_episodes,
        min_return=min_return,
        max_return=max_return,
        drop_terminated=drop_terminated,
        **{**stored, **split, **given},
    )
    if write_mapping is not None:
        refuse_overwrite(write_mapping, overwrite=overwrite)
    report = verb(
        sources,
        output,
        config,
        overwrite=overwrite,
        append=append,
        command=command_line(),
    )
    if write_mapping is not None:
        mapping_file.write(write_mapping, config)
    for warning in report.warnings:
        render.warning(warning)
    if as_json:
        document = {"schema": "koopcli.ingest/1", "output": str(output)}
        render.json_document(document | report.as_json())
    else:
        _print(report, output)


def _list(text: str | None, flag: str) -> tuple[str, ...] | None:
    if text is None:
        return None
    parts = tuple(part.strip() for part in text.split(","))
    if not all(parts):
        raise ConfigError(f"{flag} {text!r}: expected names separated by commas")
    return parts


def _print(report: Any, output: Path) -> None:
    from koopcli.cli import render

    shortest, median, longest = report.lengths
    known = f"{render.number(report.dt)} s ({report.dt_source})"
    rows = [
        ["format", ", ".join(report.formats)],
        ["episodes", str(report.episodes) + _added(report)],
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


def _added(report: Any) -> str:
    before = report.episodes_before
    return f", added to {before}" if before else ""
