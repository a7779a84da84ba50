"""What surrounds a training run: the device, the other processes, who hears of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koopcli.config.choices import Device, Logger
from koopcli.config.processes import Processes
from koopcli.config.training import RunConfig


@dataclass(frozen=True)
class How:
    """What does not belong to the settings of a run."""

    device: Device
    processes: Processes | None
    log: tuple[Logger, ...]
    overwrite: bool
    as_json: bool


def given(
    distributed: bool,
    coordinator: str | None,
    num_processes: int | None,
    process_id: int | None,
) -> Processes | None:
    """Return how the processes of a run find each other; None: there is one.

    Raises:
        ConfigError: Only a part of it was said.
    """
    said = Processes(
        coordinator=coordinator, num_processes=num_processes, process_id=process_id
    )
    return said if distributed or said.explicit else None


@contextmanager
def started(run: Path, config: RunConfig, how: How) -> Iterator[tuple[Any, Any]]:
    """Choose the device, and yield whom the run reports to, and whom it tells."""
    from koopcli import device as devices
    from koopcli import distributed
    from koopcli.cli import progress, render

    if config.train.deterministic:
        devices.deterministic()
    with ExitStack() as stack:
        if how.processes is not None:
            again = f"go on from its last checkpoint, if any: {_again(run)}"
            stack.enter_context(distributed.joined(how.processes, again))
        # Both before any work: a device or a library may be missing.
        platform = devices.select(how.device)
        if not distributed.primary():
            yield _nobody, _nobody
            return
        render.remark(f"training on {platform}, into {run}")
        if how.processes is not None:
            render.remark(f"if a process is lost, {again}")
        from koopcli.train import loggers
        from koopcli.train.report import tee

        show = stack.enter_context(progress.reporter())
        logs = stack.enter_context(loggers.opened(how.log, run, config))
        yield tee(show, *logs), render.remark


def _again(run: Path) -> str:
    from koopcli.train import resuming

    return resuming.command(run, distributed=True)


def _nobody(_: object) -> None:
    """Of several processes only the first speaks of the run."""
