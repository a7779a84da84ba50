import datetime

import optuna
import pytest
from optuna.trial import TrialState

from koopcli.sweep import ledger, locks

GONE = {"host": "nowhere", "pid": 1, "lock": "/nowhere"}


@pytest.fixture
def storage():
    return optuna.storages.InMemoryStorage()


@pytest.fixture
def study(storage):
    return optuna.create_study(storage=storage)


def begin(study, value, **attributes):
    trial = study.ask()
    trial.suggest_float("x", 0, 9)
    for name, each in attributes.items():
        trial.set_user_attr(name, each)
    return trial


def fail(study, trial, lost):
    study.tell(trial, state=TrialState.FAIL)
    [frozen] = [each for each in study.get_trials() if each.number == trial.number]
    ledger.again(study, frozen, lost=lost)


def test_failed_trials_count_only_with_an_outcome(study):
    for outcome in (None, {"status": "diverged", "message": "NaN"}):
        trial = study.ask()
        if outcome:
            trial.set_user_attr(ledger.OUTCOME, outcome)
        study.tell(trial, state=TrialState.FAIL)
    study.tell(study.ask(), 1.0)
    study.ask()
    assert [ledger.status(each) for each in study.get_trials()] == [
        "failed", "diverged", "finished", "running",
    ]  # fmt: skip
    assert [each.number for each in ledger.counted(study)] == [1, 2, 3]
    assert [ledger.rank(study, number) for number in range(5)] == [0, 0, 1, 2, 3]


def test_a_stopped_trial_is_queued_with_all_that_was_done(study):
    trial = begin(study, 1.0, **{"seed 0": {"error": 0.1}, "worker": GONE})
    trial.report(0.5, 10)
    fail(study, trial, lost=False)
    [_, queued] = study.get_trials()
    assert queued.state == TrialState.WAITING and ledger.slot(queued) == 0
    assert queued.params == trial.params and queued.intermediate_values == {10: 0.5}
    assert queued.user_attrs["seed 0"] == {"error": 0.1}
    # Nobody works on it: a name would make it look lost.
    assert ledger.WORKER not in queued.user_attrs
    assert ledger.status(queued) == "waiting"
    taken = study.ask()
    assert taken.suggest_float("x", 0, 9) == trial.params["x"]
    assert ledger.slot(taken) == 0


def test_a_trial_that_kills_its_processes_is_given_up(study):
    trial = begin(study, 1.0)
    for _ in range(ledger.ATTEMPTS):
        fail(study, trial, lost=True)
        if ledger.wanting(study, 1):
            trial = study.ask()
    *_, last = study.get_trials()
    assert ledger.status(last) == "failed" and ledger.slot(last) == 0
    assert last.user_attrs[ledger.OUTCOME]["message"].endswith("killed 3 times")
    assert [each.number for each in ledger.counted(study)] == [last.number]
    assert not ledger.wanting(study, 1)


def test_a_trial_is_wanted_while_there_are_too_few_or_one_is_queued(study):
    assert ledger.wanting(study, 1)
    trial = begin(study, 1.0)
    assert not ledger.wanting(study, 1) and ledger.wanting(study, 2)
    fail(study, trial, lost=False)
    assert ledger.wanting(study, 1)


def test_trials_of_dead_processes_are_queued(study, storage, tmp_path):
    with locks.working(tmp_path) as worker:
        begin(study, 1.0, worker=worker.document())
        begin(study, 2.0, worker=GONE)
        begin(study, 3.0)
        assert ledger.recover(study, storage) == []
    assert ledger.recover(study, storage) == [0]
    assert ledger.recover(study, storage) == []
    assert [each.state.name for each in study.get_trials()] == [
        "FAIL", "RUNNING", "RUNNING", "WAITING",
    ]  # fmt: skip


def test_a_trial_of_nobody_is_lost_after_a_while(study, storage, monkeypatch):
    begin(study, 1.0)
    monkeypatch.setattr(ledger, "NAMELESS", datetime.timedelta(0))
    assert ledger.recover(study, storage) == [0]


def test_only_one_process_fails_a_trial(study, storage):
    trial = begin(study, 1.0)
    assert ledger.fail(study, storage, trial.number)
    assert not ledger.fail(study, storage, trial.number)
