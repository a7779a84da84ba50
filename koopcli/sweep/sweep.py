"""VERB: train trials of settings that Optuna chooses, until there are enough -> Sweep."""

import json
from dataclasses import asdict
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState

from koopcli import config_file
from koopcli.config.choices import Pruner
from koopcli.config.sweep import SweepConfig
from koopcli.config.training import RunConfig
from koopcli.data import store
from koopcli.errors import ConfigError, DataError, DivergedError, InterruptedRunError
from koopcli.files import sha256
from koopcli.sweep import engine, ledger, locks, plan, results, sampling, studies, trial
from koopcli.sweep.listener import Listener
from koopcli.sweep.locks import Worker
from koopcli.sweep.plan import Plan
from koopcli.sweep.results import Sweep
from koopcli.sweep.studies import Opened
from koopcli.sweep.trial import Failed, Surplus, Work
from koopcli.train import interrupt


def sweep(
    dataset_path: Path,
    folder: Path,
    request: SweepConfig,
    *,
    listener: Listener | None = None,
) -> Sweep:
    """Train trials until the study has as many as were asked for.

    Each trial and seed gets a run folder under `folder`. What is finished is not trained
    again; trials of processes that were stopped or killed go on. Several processes may
    work on one study. Writes no tables; see `koopcli.sweep.tables`.

    Args:
        dataset_path: File that `koopcli ingest` wrote.
        folder: Folder of the sweep; created if it is not there.
        request: What is tried.
        listener: Told how it goes.

    Raises:
        ConfigError: A setting is wrong, or folder or study are of something else.
        DataError: The dataset cannot be used.
        DivergedError: Every trial came to nothing; the last message is passed on.
        InterruptedRunError: Somebody asked to stop; the request can be made again.
    """
    listener = listener or Listener()
    engine.require()
    with interrupt.deferred() as asked:
        made = plan.make(request)
        if len(store.load(dataset_path).splits["val"]) == 0:
            raise DataError(
                f"{dataset_path}: has no validation episodes to compare trials by; "
                "`koopcli split` makes some"
            )
        digest = sha256(dataset_path)
        found = studies.opened(
            request, folder, made.identity(digest), lambda: _chosen(request, made)
        )
        work = Work(made, dataset_path, folder, listener, asked)
        try:
            _remark(request, made, found, listener)
            with locks.working(folder) as worker:
                _all(found, work, worker)
            wanted = {
                "dataset": str(dataset_path),
                "dataset_sha256": digest,
                **asdict(request),
                "storage": found.where,
            }
            return _done(
                results.build(
                    found.study, made, json.loads(json.dumps(wanted)), found.where
                )
            )
        except StorageInternalError as error:
            raise ConfigError(
                f"{found.where}: {studies.shown(str(error)).splitlines()[0]}; "
                f"{listener.advice}"
            ) from error
        finally:
            found.close()


def _chosen(
    request: SweepConfig, made: Plan
) -> tuple[sampling.Repeatable, optuna.pruners.BasePruner]:
    return (
        sampling.Repeatable(request.sampler, request.sampler_seed, made.grid),
        sampling.pruner(request.pruner, _example(made).train),
    )


def _example(made: Plan) -> RunConfig:
    # For what hardly ever differs from trial to trial: steps, validations.
    return config_file.build(dict(made.fixed))


def _remark(
    request: SweepConfig, made: Plan, found: Opened, listener: Listener
) -> None:
    if made.grid is not None and (request.trials or 0) > made.total:
        listener.tell(f"the grid has {made.total} trials, fewer than were asked for")
    if made.fixed.get("train.val_horizon"):
        listener.tell(
            f"validation errors are over {made.horizon} steps for every trial"
        )
    if request.pruner is not Pruner.NONE and not _judged(made):
        listener.tell(
            "no trial is pruned: the only validation comes at its end; "
            "--set train.eval_every=... gives more"
        )
    before = len(ledger.counted(found.study))
    if before:
        listener.tell(f"{before} of {made.total} trials are there already")


def _judged(made: Plan) -> bool:
    train = _example(made).train
    return train.eval_every < train.steps


def _all(found: Opened, work: Work, worker: Worker) -> None:
    study, plan = found.study, work.plan
    while True:
        for number in ledger.recover(study, found.storage):
            work.listener.tell(f"trial {number}: its process is gone; tried again")
        if work.asked:
            raise InterruptedRunError(
                f"stopped by {work.asked.name}; {work.listener.advice}"
            )
        if not ledger.wanting(study, plan.total):
            return
        _one(found, work, worker)


def _one(found: Opened, work: Work, worker: Worker) -> None:
    current: list[optuna.Trial] = []
    taken = False

    def objective(given: optuna.Trial) -> float:
        nonlocal taken
        current.append(given)
        given.set_user_attr(ledger.WORKER, worker.document())
        if ledger.rank(found.study, given.number) >= work.plan.total:
            raise Surplus
        try:
            return trial.run(given, work)
        finally:
            # Its end is not in the study yet, unless another process wrote one.
            taken = ledger.find(found.study, given.number).state != TrialState.RUNNING

    try:
        found.study.optimize(objective, n_trials=1, catch=(Failed,))
    except BaseException as error:
        if taken and isinstance(error, UpdateFinishedTrialError | ValueError):
            number = ledger.slot(current[0])
            work.listener.tell(
                f"trial {number}: was taken for dead and given to another"
            )
            return
        if current and not taken:
            _give_back(found, current[0])
        raise
    _say(found, work, current[0])


def _give_back(found: Opened, given: optuna.Trial) -> None:
    # Optuna has marked it as failed; another process may have done so before.
    frozen = ledger.find(found.study, given.number)
    if frozen.state == TrialState.FAIL and ledger.OUTCOME not in frozen.user_attrs:
        ledger.again(found.study, frozen, lost=False)


def _say(found: Opened, work: Work, given: optuna.Trial) -> None:
    frozen = ledger.find(found.study, given.number)
    if not ledger.counts(frozen):
        return
    status = ledger.status(frozen)
    words = f"trial {ledger.slot(frozen)}: {status}"
    if status == "finished":
        words += f", validation NRMSE {frozen.value:.4g}"
    outcome = frozen.user_attrs.get(ledger.OUTCOME)
    work.listener.tell(words + (f": {outcome['message']}" if outcome else ""))


def _done(made: Sweep) -> Sweep:
    if made.trials and made.count("diverged", "refused", "failed") == len(made.trials):
        raise DivergedError(
            f"every trial came to nothing; trial {made.trials[0].number}: "
            f"{made.trials[0].message}"
        )
    return made
