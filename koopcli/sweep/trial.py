"""Train one trial with every seed: a run folder each, pruned where it looks hopeless."""

import json
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from koopcli import config_file, files, run_dir
from koopcli.errors import (
    ConfigError,
    DivergedError,
    InterruptedRunError,
    ModelError,
    TooLargeError,
)
from koopcli.sweep import ledger, sampling
from koopcli.sweep.listener import Listener
from koopcli.sweep.plan import Plan
from koopcli.train.fit import fit, resume
from koopcli.train.interrupt import Asked
from koopcli.train.report import FitResult, Reporter, StepReport, tee

SCHEMA = "koopcli.sweep-trial/1"
RECORD = "trial.json"
TRIALS = "trials"


class Failed(Exception):
    """A trial came to nothing; its outcome is stored."""


class Surplus(Failed):
    """Another process had begun the last trial that was asked for."""


@dataclass(frozen=True)
class Work:
    """What the trials of one process have in common.

    Attributes:
        plan: What is asked for.
        dataset: The dataset file.
        folder: Folder of the sweep.
        listener: Who hears of it.
        asked: Whether somebody asked the process to stop.
    """

    plan: Plan
    dataset: Path
    folder: Path
    listener: Listener
    asked: Asked


class Pruning:
    """A `Reporter` that passes validation errors on and stops a hopeless trial.

    It stops the trial with the record after the one that decided: by then the checkpoint
    of the step that was judged has been written.
    """

    def __init__(self, trial: optuna.Trial, known: set[int]):
        """Report for `trial`; the steps `known` have been reported before it was killed."""
        self._trial, self._known = trial, known
        self._due = False

    def __call__(self, record: StepReport) -> None:
        """Hear of a call of the device."""
        self.check()
        if record.validation is None or record.step in self._known:
            return
        self._trial.report(record.validation["nrmse"], record.step)
        self._due = self._trial.should_prune()

    def check(self) -> None:
        """Stop the trial if it looks hopeless.

        Raises:
            optuna.TrialPruned: It does.
        """
        if self._due:
            raise optuna.TrialPruned


def run(trial: optuna.Trial, work: Work) -> float:
    """Train a trial and return its error: the mean of the best NRMSE of its seeds.

    Raises:
        Failed: It came to nothing.
        optuna.TrialPruned: It was stopped early.
        InterruptedRunError: Somebody asked to stop.
    """
    values = {p.name: sampling.suggest(trial, p) for p in work.plan.space}
    place = folder(work.folder, ledger.slot(trial))
    work.listener.tell(f"trial {ledger.slot(trial)}: {brief(values)}")
    started = time.monotonic()
    try:
        error = _train(trial, values, place, work)
    except optuna.TrialPruned:
        _record(place, "pruned", values)
        raise
    except (DivergedError, ConfigError) as error:
        outcome = _outcome(error)
        trial.set_user_attr(ledger.OUTCOME, outcome)
        _record(place, outcome["status"], values, outcome["message"])
        raise Failed(outcome["message"]) from error
    finally:
        before = trial.user_attrs.get(ledger.SECONDS, 0.0)
        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            trial.set_user_attr(ledger.SECONDS, before + time.monotonic() - started)
    _record(place, "finished", values)
    return error


def folder(sweep: Path, slot: int) -> Path:
    """Return the folder of a trial."""
    return sweep / TRIALS / f"trial-{slot:04d}"


def brief(values: dict[str, Any]) -> str:
    """Return settings in one line, without their sections."""
    return ", ".join(
        f"{name.split('.', 1)[1]} {value:.4g}"
        if isinstance(value, float)
        else f"{name.split('.', 1)[1]} {'none' if value is None else value}"
        for name, value in values.items()
    )


def _train(
    trial: optuna.Trial, values: dict[str, Any], place: Path, work: Work
) -> float:
    reported = ledger.find(trial.study, trial.number).intermediate_values
    pruning = Pruning(trial, set(reported))
    errors = []
    for number, seed in enumerate(work.plan.seeds):
        found = trial.user_attrs.get(f"seed {seed}")
        if found is None:
            # The first seed decides: the others are not comparable step by step.
            prune = (pruning,) if number == 0 else ()
            found = _one(work, values, seed, place / f"seed{seed}", prune)
            trial.set_user_attr(f"seed {seed}", found)
        if found["error"] is None:
            raise DivergedError("the validation error was never finite")
        errors.append(found["error"])
        if number + 1 < len(work.plan.seeds):
            pruning.check()
    return sum(errors) / len(errors)


def _one(
    work: Work,
    values: dict[str, Any],
    seed: int,
    place: Path,
    prune: tuple[Reporter, ...],
) -> dict[str, Any]:
    steps = 0

    def forward(record: StepReport) -> None:
        nonlocal steps
        steps = record.step
        if work.asked:
            # Heard outside of the training loop, which stops with a checkpoint.
            signal.raise_signal(work.asked.number)

    try:
        with work.listener.watch() as show:
            result = _fit(work, values, seed, place, tee(show, forward, *prune))
    except InterruptedRunError as error:
        raise InterruptedRunError(
            f"{place}: stopped after step {steps}; {work.listener.advice}"
        ) from error
    best = result.best_validation
    return {
        "seed": seed,
        "error": None if best is None else best**0.5,
        "best_step": result.best_step,
        "steps": result.steps,
        "seconds": result.seconds,
        "parameters": result.parameters,
        "run": str(place),
        "host": socket.gethostname(),
    }


def _fit(
    work: Work, values: dict[str, Any], seed: int, place: Path, report: Reporter
) -> FitResult:
    command = work.listener.command
    if run_dir.is_run(place):
        # Of an earlier attempt at this trial, with these settings.
        config = config_file.build(config_file.read(place / run_dir.CONFIG))
        try:
            return resume(place, config, work.dataset, report=report, command=command,
                          tell=work.listener.tell)  # fmt: skip
        except ModelError:
            work.listener.tell(f"{place}: not one sound checkpoint: beginning again")
    return fit(
        work.dataset,
        place,
        work.plan.config(values, seed),
        report=report,
        command=command,
        overwrite=run_dir.is_run(place),
    )


def _outcome(error: Exception) -> dict[str, str]:
    kinds = {DivergedError: "diverged", TooLargeError: "failed", ConfigError: "refused"}
    status = next(name for kind, name in kinds.items() if isinstance(error, kind))
    return {"status": status, "message": str(error)}


def _record(
    place: Path, status: str, values: dict[str, Any], message: str = ""
) -> None:
    document = {
        "schema": SCHEMA,
        "status": status,
        "settings": values,
        "message": message,
    }
    files.write_text(place / RECORD, json.dumps(document, indent=1) + "\n")
