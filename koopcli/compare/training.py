"""Trains the runs of a comparison, one after the other, and skips finished ones."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from koopcli import run_dir
from koopcli.compare import half_made
from koopcli.compare import record as records
from koopcli.compare.listener import Listener
from koopcli.compare.meter import Meter
from koopcli.compare.plan import CLOSED_FORM, Planned
from koopcli.compare.record import Record, Status
from koopcli.config.comparison import Budget
from koopcli.errors import DivergedError, InterruptedRunError
from koopcli.train.fit import fit, resume
from koopcli.train.report import FitResult, Reporter, tee


def train(
    runs: Sequence[Planned],
    found: Mapping[str, Record],
    data: tuple[Path, str],
    folder: Path,
    budget: Budget,
    listener: Listener,
) -> dict[str, Record]:
    """Train what is missing; return the records of all runs by name, in order.

    Args:
        runs: All runs of the comparison.
        found: Records of those that are finished.
        data: The dataset file and its hash.
        folder: Folder of the comparison.
        budget: What each run may spend, for the estimate.
        listener: Told when each run starts.

    Raises:
        InterruptedRunError: Somebody asked to stop; the request can be made again.
    """
    done = dict(found)
    for number, run in enumerate(runs, start=1):
        place = f"run {number} of {len(runs)}: {run.name}"
        if run.name in done:
            listener.tell(f"{place}, finished before")
            continue
        missing = [each for each in runs if each.name not in done]
        left = estimate(missing, list(done.values()), budget)
        listener.tell(f"{place}, {_brief(run)}{_in_words(left)}")
        record = _train_one(run, data, folder / run.name, listener)
        records.write(folder / run.name, record, run, data[1])
        if record.status == Status.DIVERGED:
            listener.tell(f"{run.name}: {record.message}")
        done[run.name] = record
    return {run.name: done[run.name] for run in runs}


def _train_one(
    run: Planned, data: tuple[Path, str], folder: Path, listener: Listener
) -> Record:
    half = half_made.find(folder, run, *data)
    meter, started = Meter() if half is None else half.meter, time.monotonic()
    train = run.config.train
    record = Record(
        model=str(run.model),
        seed=run.seed,
        status=Status.DIVERGED,
        steps=0,
        training_seconds=0.0,
        wall_seconds=0.0,
        batch_size=train.batch_size,
        horizon=train.horizon,
    )
    try:
        with listener.watch() as report, _again(run, meter, listener.command):
            both = tee(meter, report)
            result = _fit(run, data[0], folder, half, both, listener)
    except DivergedError as error:
        return replace(
            record,
            message=str(error),
            steps=meter.steps,
            training_seconds=meter.seconds,
            wall_seconds=time.monotonic() - started,
        )
    for warning in result.warnings:
        listener.tell(f"{run.name}: {warning}")
    closed = run.model in CLOSED_FORM
    return replace(
        record,
        status=Status.FINISHED,
        parameters=result.parameters,
        steps=0 if closed else result.steps,
        best_step=0 if closed else result.best_step,
        training_seconds=result.seconds if closed else meter.seconds,
        wall_seconds=result.seconds,
    )


def _fit(
    run: Planned,
    dataset: Path,
    folder: Path,
    half: half_made.HalfMade | None,
    report: Reporter,
    listener: Listener,
) -> FitResult:
    if half is not None:
        return resume(
            folder,
            half.config,
            dataset,
            report=report,
            command=listener.command,
            tell=lambda line: listener.tell(f"{run.name}: {line}"),
        )
    # A folder without a record that cannot go on is replaced.
    return fit(
        dataset,
        folder,
        run.config,
        report=report,
        command=listener.command,
        overwrite=run_dir.is_run(folder),
    )


@contextmanager
def _again(run: Planned, meter: Meter, command: str) -> Iterator[None]:
    """Say that the whole comparison goes on, where training says it of its run."""
    advice = f"go on with: {command}" if command else "go on with the same request"
    try:
        yield
    except InterruptedRunError as error:
        raise InterruptedRunError(
            f"{run.name}: stopped after step {meter.steps} of {run.config.train.steps}; "
            f"{advice}"
        ) from error
    except OSError as error:
        error.__notes__ = [f"then {advice}"]
        raise


def estimate(
    missing: Sequence[Planned], done: Sequence[Record], budget: Budget
) -> float | None:
    """Return the seconds that the missing runs will take; None before anything is known.

    A run takes what the finished runs of its kind took, else its budget of time, else
    what finished runs of other kinds took.
    """
    total = 0.0
    for run in missing:
        same = [record for record in done if record.model == run.model]
        known = [each.wall_seconds for each in same or done]
        if run.model in CLOSED_FORM and not same:
            continue
        if budget.seconds is not None and not same:
            total += budget.seconds
        elif known:
            total += sum(known) / len(known)
        else:
            return None
    return total


def _brief(run: Planned) -> str:
    if run.model in CLOSED_FORM:
        return "closed form"
    train = run.config.train
    return f"{train.steps} steps of {train.batch_size} windows, horizon {train.horizon}"


def _in_words(seconds: float | None) -> str:
    if seconds is None:
        return ""
    amount = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
    return f"; about {amount} left in all"


def steps_of(kind: str, budget: Budget, measured: Mapping[str, int]) -> int | None:
    """Return the gradient steps of a kind under a budget; None for a closed form."""
    if kind in CLOSED_FORM:
        return None
    return budget.steps if budget.steps is not None else measured[kind]
