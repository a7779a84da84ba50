"""What a run that goes on may change, and where its data is."""

import json
import shlex
from pathlib import Path
from typing import Any

from koopcli import __version__, config_file, run_dir
from koopcli.config.training import RunConfig
from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.model.header import ModelMeta
from koopcli.train.training_state import Found

MAY_DIFFER = (
    "train.steps",
    "train.checkpoint_every",
    "train.checkpoint_minutes",
    "train.keep",
    "train.memory_budget",
    "train.num_devices",
    "train.remat",
)
"""Settings that leave the steps up to the old end as they would have been (the last two up
to rounding)."""


def command(run: Path, *, distributed: bool = False) -> str:
    """Return what to type to go on with a run, in one process or each of several."""
    rest = " [--distributed]" if distributed else ""
    return f"koopcli train --resume {shlex.quote(str(run))}{rest}"


def settings(run: Path) -> Path:
    """Return the file of settings of a run that can go on.

    Raises:
        ModelError: `run` is not a run folder.
    """
    if not run_dir.is_run(run):
        raise ModelError(f"{run}: is not a run folder of `koopcli train`")
    return run / run_dir.CONFIG


def check(run: Path, config: RunConfig) -> None:
    """Refuse settings that would make the rest of a run another one.

    Raises:
        ConfigError: Some differ, or an older koopcli did not have them; they are named.
    """
    stored = config_file.read(settings(run))
    before = config_file.flatten(config_file.build(stored))
    # Only what may be unset is left out of the file.
    later = [
        name
        for name, value in before.items()
        if name not in stored and value is not None and name not in MAY_DIFFER
    ]
    if later:
        raise ConfigError(
            f"{run}: was begun by koopcli {record(run).get('koopcli', 'unknown')}, which "
            f"did not have {', '.join(later)} yet, so this version ({__version__}) would "
            "not go on as it began; evaluate what is there, or train anew"
        )
    now = config_file.flatten(config)
    changed = [
        f"{name} ({before[name]} -> {now[name]})"
        for name in before
        if before[name] != now[name] and name not in MAY_DIFFER
    ]
    if changed:
        raise ConfigError(
            f"{run}: a run cannot go on with other settings: {', '.join(changed)}; leave "
            "them out, or start a new run"
        )


def dataset(run: Path, given: Path | None) -> Path:
    """Return the dataset of a run: `given`, or where it was.

    Raises:
        DataError: It is not known, or is not there any more.
    """
    if given is not None:
        return given
    recorded = record(run).get("dataset")
    if not isinstance(recorded, str):
        raise DataError(
            f"{run / run_dir.ENVIRONMENT}: does not say where the dataset is; give it: "
            "koopcli train DATA --resume RUN"
        )
    path = Path(recorded)
    if not path.is_file():
        raise DataError(
            f"{path}: the dataset of {run} is not there any more; say where it is: "
            "koopcli train DATA --resume RUN"
        )
    return path


def same_data(run: Path, path: Path, meta: ModelMeta, found: Found | None) -> None:
    """Compare the dataset with that of the run.

    Raises:
        DataError: It is another one.
    """
    before = record(run).get("dataset_sha256")
    if found is not None:
        before = found.saved.meta.dataset_sha256
    if before not in (None, meta.dataset_sha256):
        raise DataError(
            f"{path}: is not the file that {run} was trained on (its SHA-256 differs); "
            "give the right one: koopcli train DATA --resume RUN"
        )


def refuse_shorter(run: Path, config: RunConfig, step: int) -> None:
    """A run cannot end before where it is.

    Raises:
        ConfigError: It should.
    """
    if config.train.steps < step:
        raise ConfigError(
            f"{run}: has taken {step} steps already; --steps {config.train.steps} cannot "
            "shorten it"
        )


def record(run: Path) -> dict[str, Any]:
    """Return what a run folder says of its circumstances; nothing if it is unreadable."""
    try:
        found = json.loads((run / run_dir.ENVIRONMENT).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
