"""Creating a run folder, describing the run in it, and leaving no half-made one."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from koopcli import config_file, files, run_dir
from koopcli import environment as surroundings
from koopcli.config.training import RunConfig
from koopcli.data.store import Dataset
from koopcli.errors import ConfigError
from koopcli.train import lock, resuming


def refuse(run: Path, *, overwrite: bool) -> None:
    """Stop before any work if `run` may not be used.

    Raises:
        ConfigError: It exists and may not be replaced, or is not a run folder at all.
    """
    if not run.exists() or (run.is_dir() and all(map(_leftover, run.iterdir()))):
        return
    files.refuse_overwrite(run, overwrite=overwrite)
    if not run_dir.is_run(run):
        raise ConfigError(
            f"{run}: is not a run folder, so --overwrite will not delete it; "
            "choose another --output"
        )


@contextmanager
def creating(run: Path, *, overwrite: bool) -> Iterator[None]:
    """Make the folder and hold its lock; remove it if the body stores no model.

    Raises:
        ConfigError: As for `refuse`; or another process trains into it.
    """
    refuse(run, overwrite=overwrite)
    run.mkdir(parents=True, exist_ok=True)
    with lock.held(run):
        if run_dir.is_run(run):
            _empty(run)
        try:
            yield
        except BaseException:
            if not any(run.rglob("*.eqx")):
                files.remove_tree(run)
            raise


def _leftover(path: Path) -> bool:
    # Of a process that was killed before it had described its run.
    return path.name == run_dir.LOCK or path.match(".config*.tmp.toml")


def _empty(run: Path) -> None:
    # The settings last: without them it is no run folder, and nobody may delete it.
    for path in sorted(run.iterdir(), key=lambda path: path.name == run_dir.CONFIG):
        if path.is_dir() and not path.is_symlink():
            files.remove_tree(path)
        elif path.name != run_dir.LOCK:
            path.unlink()


def tidy(run: Path) -> None:
    """Delete what a killed process was just writing. Needs the lock."""
    for folder in (run, run / run_dir.CHECKPOINTS):
        for path in folder.glob(".*.tmp.*"):
            path.unlink()


def describe(run: Path, config: RunConfig, record: dict[str, Any]) -> None:
    """Write the resolved configuration and the circumstances; see `environment`."""
    files.write_text(run / run_dir.CONFIG, config_file.to_toml(config))
    text = json.dumps(record, indent=2, allow_nan=False)
    files.write_text(run / run_dir.ENVIRONMENT, text + "\n")


def describe_again(
    run: Path, config: RunConfig, record: dict[str, Any], step: int
) -> None:
    """Write them for a run that goes on from `step`: what was before stays."""
    first = resuming.record(run) or record
    again = [*first.get("resumed", []), {"step": step, **record}]
    describe(run, config, {**first, "dataset": record["dataset"], "resumed": again})


def environment(
    dataset: Dataset, config: RunConfig, sha256: str, command: str
) -> dict[str, Any]:
    """Return what somebody needs to know to repeat the run."""
    return {
        **surroundings.describe(),
        "command": command,
        "dataset": str(dataset.path.resolve()),
        "dataset_sha256": sha256,
        "seed": config.train.seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
