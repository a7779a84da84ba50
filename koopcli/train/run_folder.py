"""Creating a run folder, describing the run in it, and leaving no half-made one."""

import json
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from koopcli import __version__, config_file, files, run_dir
from koopcli.config import RunConfig
from koopcli.errors import ConfigError


def refuse(run: Path, *, overwrite: bool) -> None:
    """Stop before any work if `run` may not be used.

    Raises:
        ConfigError: It exists and may not be replaced, or is not a run folder at all.
    """
    if not run.exists() or (run.is_dir() and not any(run.iterdir())):
        return
    files.refuse_overwrite(run, overwrite=overwrite)
    if not run_dir.is_run(run):
        raise ConfigError(
            f"{run}: is not a run folder, so --overwrite will not delete it; "
            "choose another --output"
        )


@contextmanager
def creating(run: Path, *, overwrite: bool) -> Iterator[None]:
    """Make the folder; remove it again if the body fails before any model is stored."""
    refuse(run, overwrite=overwrite)
    if run.exists() and run_dir.is_run(run):
        files.remove_tree(run)
    run.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if not any(run.rglob("*.eqx")):
            files.remove_tree(run)
        raise


def describe(run: Path, config: RunConfig, dataset: Path, command: str) -> None:
    """Write the resolved configuration and the environment."""
    files.write_text(run / run_dir.CONFIG, config_file.to_toml(config))
    text = json.dumps(environment(dataset, command), indent=2)
    files.write_text(run / run_dir.ENVIRONMENT, text + "\n")


def environment(dataset: Path, command: str) -> dict[str, Any]:
    """Return what somebody needs to know to repeat the run."""
    device = jax.devices()[0]
    names = ("jax", "jaxlib", "equinox", "optax", "numpy", "h5py")
    return {
        "schema": "koopcli.environment/1",
        "koopcli": __version__,
        "command": command,
        "dataset": str(dataset.resolve()),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "device": device.device_kind,
        "backend": device.platform,
        "versions": {name: version(name) for name in names},
    }
