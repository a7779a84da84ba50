"""Names of the files in a run folder, and what makes a folder one."""

from pathlib import Path

from koopcli.errors import ModelError

CONFIG = "config.toml"
ENVIRONMENT = "environment.json"
METRICS_JSONL = "metrics.jsonl"
METRICS_CSV = "metrics.csv"
BEST_MODEL = "model.eqx"
LAST_MODEL = "last.eqx"
DATA_MAP = "data_map.npz"
CHECKPOINTS = "checkpoints"
LOCK = ".lock"


def checkpoint_name(step: int) -> str:
    """File name, inside `CHECKPOINTS`, of the model after `step` gradient steps."""
    return f"step_{step:08d}.eqx"


def is_run(path: Path) -> bool:
    """Whether `path` is a folder that `koopcli train` wrote (perhaps unfinished)."""
    return path.is_dir() and (path / CONFIG).is_file()


def model_file(path: Path) -> Path:
    """Return the model file that `path` means: a `.eqx` file, or a run's best model.

    Raises:
        ModelError: There is no model there.
    """
    if path.is_file():
        return path
    for name in (BEST_MODEL, LAST_MODEL):
        if (path / name).is_file():
            return path / name
    what = "holds no model.eqx" if path.is_dir() else "no such run folder or model file"
    raise ModelError(f"{path}: {what}; `koopcli train DATA --output RUN` writes one")
