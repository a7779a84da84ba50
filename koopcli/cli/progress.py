"""How long work shows itself: a live line on a terminal, else a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def reporter() -> Iterator[Callable[[Any], None]]:
    """Yield a callable that takes `StepReport`s and shows them on stderr."""
    if sys.stderr.isatty():
        with _live() as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _live() -> Iterator[Callable[[Any], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.completed}/{task.total}"),
        BarColumn(bar_width=8),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    validation = ""
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("compiling", total=None)

        def show(record: Any) -> None:
            nonlocal validation
            if record.validation:
                errors = record.validation
                validation = (
                    f"val {errors['nrmse']:.3g} (last {errors['nrmse_last']:.3g})"
                )
            progress.update(
                task,
                completed=record.step,
                total=record.steps,
                description=f"{_training(record)} {validation}",
            )

        yield show


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a callable that takes how many of how many are done; shown on stderr."""
    if not sys.stderr.isatty():
        yield count_lines(what)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def count_lines(what: str) -> Callable[[int, int], None]:
    """Return a callable that says how many are done in a line now and then, on stderr."""
    # Short work says nothing: the first line comes after the first interval.
    last = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"{done} of {total} {what}", file=sys.stderr, flush=True)

    return show


def _lines() -> Callable[[Any], None]:
    last = -SECONDS_BETWEEN_LINES

    def show(record: Any) -> None:
        nonlocal last
        now = time.monotonic()
        final = record.step == record.steps
        if now - last < SECONDS_BETWEEN_LINES and not record.validation and not final:
            return
        last = now
        left = f"{record.eta_seconds:.0f} s left"
        parts = [f"step {record.step}/{record.steps}", _training(record), left]
        if record.validation:
            parts.append(_validation(record))
        print("  ".join(parts), file=sys.stderr, flush=True)

    return show


def _training(record: Any) -> str:
    return f"{record.steps_per_second:.1f} step/s  loss {record.losses['loss']:.4g}"


def _validation(record: Any) -> str:
    errors = record.validation
    return (
        f"validation NRMSE {errors['nrmse']:.4g} "
        f"(1 step {errors['nrmse_1']:.4g}, end of horizon {errors['nrmse_last']:.4g})"
    )
