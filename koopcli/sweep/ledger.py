"""Which trials of a study count, which is whose, and which are to be tried again.

Optuna numbers trials in the order in which they are asked for. A trial whose process was
stopped or killed is marked as failed there, and queued as a new one with the same
settings and the finished seeds; `slot` is the number of the first. Failed trials count
only with an outcome (a divergence is one), so that a sweep of 20 trials ends with 20.
"""

import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from koopcli.sweep.locks import Worker

SLOT, WORKER, OUTCOME = "slot", "worker", "outcome"
LOST, SECONDS = "lost", "seconds"
ATTEMPTS = 3
"""Processes that a trial may take with it before it counts as failed."""
NAMELESS = datetime.timedelta(minutes=10)
"""After which a running trial of nobody is lost: its process died while it began."""


def counts(trial: FrozenTrial) -> bool:
    """Whether a trial is one of those that were asked for."""
    return trial.state != TrialState.FAIL or OUTCOME in trial.user_attrs


def rank(study: optuna.Study, number: int) -> int:
    """Return how many trials before trial `number` count."""
    return sum(trial.number < number for trial in _counted(study))


def find(study: optuna.Study, number: int) -> FrozenTrial:
    """Return trial `number` as it is stored."""
    trials = study.get_trials(deepcopy=False)
    return next(trial for trial in trials if trial.number == number)


def slot(trial: FrozenTrial | optuna.Trial) -> int:
    """Return the number of a trial for people: that of its first attempt."""
    return int(trial.user_attrs.get(SLOT, trial.number))


def wanting(study: optuna.Study, total: int) -> bool:
    """Whether a trial is queued, or one more may be begun."""
    found = _counted(study)
    queued = any(trial.state == TrialState.WAITING for trial in found)
    return queued or len(found) < total


def again(study: optuna.Study, trial: FrozenTrial, *, lost: bool) -> None:
    """Queue a failed trial once more; or give it up, if it has killed too many processes.

    Args:
        study: Its study.
        trial: The trial, marked as failed.
        lost: Whether its process was killed, not stopped.
    """
    attributes = {name: value for name, value in trial.user_attrs.items()
                  if name != WORKER}  # fmt: skip
    attributes[SLOT] = slot(trial)
    attributes[LOST] = attributes.get(LOST, 0) + lost
    state = TrialState.WAITING
    if attributes[LOST] >= ATTEMPTS:
        state = TrialState.FAIL
        words = f"its process was killed {ATTEMPTS} times"
        attributes[OUTCOME] = {"status": "failed", "message": words}
    study.add_trial(
        optuna.create_trial(
            state=state,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs=attributes,
            system_attrs=trial.system_attrs,
            intermediate_values=trial.intermediate_values,
        )
    )


def recover(study: optuna.Study, storage: optuna.storages.BaseStorage) -> list[int]:
    """Queue the trials of processes of this machine that are dead; return their slots."""
    found = []
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in running:
        if _abandoned(trial) and fail(study, storage, trial.number):
            again(study, trial, lost=True)
            found.append(slot(trial))
    return found


def fail(
    study: optuna.Study, storage: optuna.storages.BaseStorage, number: int
) -> bool:
    """Mark a running trial as failed; return whether that was this process's doing."""
    owner = storage.get_study_id_from_name(study.study_name)
    identity = storage.get_trial_id_from_study_id_trial_number(owner, number)
    try:
        return storage.set_trial_state_values(identity, state=TrialState.FAIL)
    except optuna.exceptions.UpdateFinishedTrialError:
        return False


def status(trial: FrozenTrial) -> str:
    """Return in one word how a trial stands."""
    words = {
        TrialState.COMPLETE: "finished",
        TrialState.PRUNED: "pruned",
        TrialState.RUNNING: "running",
        TrialState.WAITING: "waiting",
    }
    outcome: dict[str, Any] = trial.user_attrs.get(OUTCOME, {})
    return words.get(trial.state) or str(outcome.get("status", "failed"))


def counted(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that count, in the order of their slots."""
    return sorted(_counted(study), key=slot)


def _counted(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if counts(trial)]


def _abandoned(trial: FrozenTrial) -> bool:
    worker = trial.user_attrs.get(WORKER)
    if worker is not None:
        return Worker(**worker).gone()
    begun = trial.datetime_start
    return begun is not None and datetime.datetime.now() - begun > NAMELESS
