"""What a run says, said to TensorBoard or Weights & Biases too, through their libraries.

`metrics.jsonl` and `metrics.csv` are the record: a run that goes on cuts off there what
came after its checkpoint. TensorBoard is told the same; Weights & Biases, which cannot
forget, keeps the first of two records of one step.
"""

import hashlib
import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

from koopcli import config_file
from koopcli.config.choices import Logger
from koopcli.config.training import RunConfig
from koopcli.errors import ConfigError
from koopcli.train.report import Reporter, StepReport

LIBRARIES = {Logger.TENSORBOARD: "tensorboardX", Logger.WANDB: "wandb"}
FOLDERS = {Logger.TENSORBOARD: "tensorboard", Logger.WANDB: "wandb"}
"""Inside the run folder. The library makes them with its first record."""
AWAY = ("offline", "disabled", "dryrun")
"""Values of WANDB_MODE that need nobody to be logged in."""


@contextmanager
def opened(
    names: Sequence[Logger], run: Path, config: RunConfig
) -> Iterator[list[Reporter]]:
    """Yield a reporter per logger; nothing is written before the first record.

    Raises:
        ConfigError: The library of one is not installed, or nobody is logged in.
    """
    libraries = {name: library(name) for name in dict.fromkeys(names)}
    if Logger.WANDB in libraries:
        _log_in(libraries[Logger.WANDB])
    with ExitStack() as stack:
        yield [
            _reporter(name, libraries[name], run, config, stack) for name in libraries
        ]


def library(name: Logger) -> ModuleType:
    """Import what a logger needs.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module(LIBRARIES[name])
    except ImportError as error:
        raise ConfigError(
            f"--log {name}: {LIBRARIES[name]} is missing ({error}); install it with "
            f'`pip install "koopcli[{name}]"`'
        ) from error


def _log_in(wandb: ModuleType) -> None:
    # Now, not with the first record: by then the work would have begun.
    if os.environ.get("WANDB_MODE") not in AWAY:
        with _words(wandb):
            wandb.login()


@contextmanager
def _words(wandb: ModuleType) -> Iterator[None]:
    try:
        yield
    except wandb.Error as error:
        raise ConfigError(
            f"--log wandb: {error} (or set WANDB_MODE=offline)"
        ) from error


def _reporter(
    name: Logger, library: ModuleType, run: Path, config: RunConfig, stack: ExitStack
) -> Reporter:
    start = {Logger.TENSORBOARD: _tensorboard, Logger.WANDB: _wandb}[name]
    log: Callable[[StepReport], None] | None = None

    def report(record: StepReport) -> None:
        nonlocal log
        if log is None:
            log = start(library, run, config, record.step, stack)
        log(record)

    return report


def _tensorboard(
    library: ModuleType, run: Path, config: RunConfig, step: int, stack: ExitStack
) -> Reporter:
    # Records from this step on, of a part of the run that is repeated, are dropped.
    writer = library.SummaryWriter(
        str(run / FOLDERS[Logger.TENSORBOARD]), purge_step=step
    )
    stack.callback(writer.close)

    def report(record: StepReport) -> None:
        for name, value in _scalars(record).items():
            writer.add_scalar(name, value, record.step)

    return report


def _wandb(
    library: ModuleType, run: Path, config: RunConfig, step: int, stack: ExitStack
) -> Reporter:
    with _words(library):
        session = library.init(
            project="koopcli",
            name=run.name,
            # The same for every part of a run.
            id=hashlib.sha256(str(run.resolve()).encode()).hexdigest()[:16],
            resume="allow",
            dir=str(run),
            config=config_file.flatten(config),
        )
    stack.callback(session.finish)

    def report(record: StepReport) -> None:
        session.log(_scalars(record), step=record.step)

    return report


def _scalars(record: StepReport) -> dict[str, float]:
    row = {**record.row(), "skipped": len(record.skipped)}
    return {
        name.replace("_", "/", 1)
        if name.startswith(("train_", "val_"))
        else name: value
        for name, value in row.items()
        if isinstance(value, int | float) and name != "step"
    }
