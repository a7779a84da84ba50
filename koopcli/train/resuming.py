"""What a run that goes on may change, and where its data is."""

import json
from pathlib import Path

from koopcli import config_file, run_dir
from koopcli.config import RunConfig
from koopcli.errors import ConfigError, DataError, ModelError

MAY_DIFFER = (
    "train.steps",
    "train.checkpoint_every",
    "train.checkpoint_minutes",
    "train.keep",
    "train.memory_budget",
)
"""Settings that leave the steps up to the old end as they would have been."""


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
        ConfigError: Some differ; they are named.
    """
    before = config_file.flatten(config_file.build(config_file.read(settings(run))))
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
    try:
        path = Path(json.loads((run / run_dir.ENVIRONMENT).read_text())["dataset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{run / run_dir.ENVIRONMENT}: does not say where the dataset is; give it: "
            "koopcli train DATA --resume RUN"
        ) from error
    if not path.is_file():
        raise DataError(
            f"{path}: the dataset of {run} is not there any more; say where it is: "
            "koopcli train DATA --resume RUN"
        )
    return path
