import json
import signal
from contextlib import nullcontext

import jax
import optuna
import pytest
from sweep_parts import RATE, request, step_report

from koopcli.config.choices import Pruner
from koopcli.errors import InterruptedRunError, ModelError, TooLargeError
from koopcli.sweep import ledger, plan, trial
from koopcli.sweep.listener import Listener
from koopcli.sweep.trial import Failed, Pruning, Work
from koopcli.train.interrupt import Asked


class Always(optuna.pruners.BasePruner):
    def prune(self, study, trial):
        return True


@pytest.fixture
def work(tmp_path, data):
    said = []
    listener = Listener(tell=said.append, command="koopcli sweep x")
    made = plan.make(request(RATE, seeds=(0, 1), pruner=Pruner.NONE))
    found = Work(made, data, tmp_path, listener, Asked())
    object.__setattr__(found, "said", said)
    return found


def begin(pruner=None, rate=0.2, **attributes):
    study = optuna.create_study(pruner=pruner or optuna.pruners.NopPruner())
    study.enqueue_trial({"optimizer.learning_rate": rate}, user_attrs=attributes)
    return study.ask()


def record(work, slot=0):
    place = work.folder / "trials" / f"trial-{slot:04d}" / trial.RECORD
    return json.loads(place.read_text())


def test_the_error_is_the_mean_over_seeds(work, trained):
    given = begin()
    assert trial.run(given, work) == pytest.approx(0.25)  # 0.2 and 0.2 + 0.1
    assert trained == [("trial-0000", "seed0", "fit"), ("trial-0000", "seed1", "fit")]
    attributes = given.user_attrs
    assert attributes["seed 1"]["error"] == pytest.approx(0.3)
    assert attributes["seed 1"]["run"].endswith("trials/trial-0000/seed1")
    assert attributes[ledger.SECONDS] > 0
    assert record(work)["status"] == "finished"
    assert record(work)["settings"] == {"optimizer.learning_rate": 0.2}
    assert work.said == ["trial 0: learning_rate 0.2"]


def test_only_the_first_seed_is_reported(work, trained):
    given = begin()
    trial.run(given, work)
    [frozen] = given.study.get_trials()
    assert frozen.intermediate_values == pytest.approx(
        {10: 0.3, 20: 0.25, 30: 0.2 + 1 / 30, 40: 0.225}
    )


def test_a_pruned_trial_stops_one_record_after_the_one_that_decided(work, trained):
    steps = []
    trained.hook = lambda name, step: steps.append(step)
    with pytest.raises(optuna.TrialPruned):
        trial.run(begin(Always()), work)
    assert steps == [10, 20], "the checkpoint of step 10 has been written by then"
    assert len(trained) == 1 and record(work)["status"] == "pruned"


def test_what_the_last_validation_decides_saves_the_other_seeds():
    given = begin(Always())
    pruning = Pruning(given, set())
    pruning.check()
    pruning(step_report(30))
    pruning(step_report(40, 0.5))
    with pytest.raises(optuna.TrialPruned):
        pruning.check()


def test_a_step_that_was_reported_before_is_not_judged_again():
    pruning = Pruning(begin(Always()), {10})
    pruning(step_report(10, 0.5))
    pruning(step_report(20))


def test_finished_seeds_are_not_trained_again(work, trained):
    given = begin(**{"seed 0": {"error": 0.5}, "slot": 7, "seconds": 100.0})
    assert trial.run(given, work) == pytest.approx(0.4)
    assert trained == [("trial-0007", "seed1", "fit")]
    assert given.user_attrs["seconds"] > 100


def test_a_half_made_run_goes_on(work, trained):
    trained.stopped = ("trial-0000",)
    with pytest.raises(InterruptedRunError, match=r"go on with: koopcli sweep x"):
        trial.run(begin(), work)
    trained.stopped = ()
    trial.run(begin(), work)
    assert [how for _, _, how in trained] == ["fit", "resume", "fit"]


def test_a_run_without_a_sound_checkpoint_begins_again(work, trained, monkeypatch):
    trained.stopped = ("trial-0000",)
    with pytest.raises(InterruptedRunError):
        trial.run(begin(), work)
    trained.stopped = ()

    def resume(*arguments, **settings):
        raise ModelError("damaged")

    monkeypatch.setattr(trial, "resume", resume)
    trial.run(begin(), work)
    assert [how for _, _, how in trained] == ["fit", "fit", "fit"]
    assert "not one sound checkpoint" in work.said[-1]


def outcome_of(given, work):
    with pytest.raises(Failed):
        trial.run(given, work)
    assert record(work)["status"] == given.user_attrs[ledger.OUTCOME]["status"]
    return given.user_attrs[ledger.OUTCOME]


def test_a_divergence_is_an_outcome(work, trained):
    trained.bad = ("trial-0000",)
    outcome = outcome_of(begin(), work)
    assert outcome["status"] == "diverged" and "non-finite" in outcome["message"]


def test_an_error_that_was_never_finite_is_a_divergence(work, trained):
    outcome = outcome_of(begin(**{"seed 0": {"error": None}}), work)
    assert outcome["message"] == "the validation error was never finite"


def test_settings_that_do_not_fit_each_other_are_an_outcome(work, trained):
    study = optuna.create_study()
    study.enqueue_trial({"model.heads": 8, "model.width": 24})
    made = plan.make(
        request(
            "model.heads=2,8",
            "model.width=24,64",
            settings={"model.kind": "transformer"},
        )
    )
    given = Work(made, work.dataset, work.folder, work.listener, Asked())
    outcome = outcome_of(study.ask(), given)
    assert outcome["status"] == "refused" and "model.width" in outcome["message"]
    assert trained == []


def test_a_model_that_does_not_fit_into_memory_is_an_outcome(work, trained):
    def full(name, step):
        raise TooLargeError("x: 9 windows do not fit")

    trained.hook = full
    assert outcome_of(begin(), work) == {
        "status": "failed",
        "message": "x: 9 windows do not fit",
    }


def test_other_failures_of_the_device_are_not(work, trained):
    def broken(name, step):
        raise jax.errors.JaxRuntimeError("INTERNAL: broken")

    trained.hook = broken
    given = begin()
    with pytest.raises(jax.errors.JaxRuntimeError, match="INTERNAL"):
        trial.run(given, work)
    assert ledger.OUTCOME not in given.user_attrs


def test_a_signal_that_came_between_runs_stops_the_training_loop(
    work, trained, monkeypatch
):
    raised = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    work.asked.number = signal.SIGTERM
    trial.run(begin(), work)
    assert set(raised) == {signal.SIGTERM}


def test_each_run_is_watched(work, trained):
    seen = []
    listener = Listener(watch=lambda: nullcontext(seen.append))
    watched = Work(work.plan, work.dataset, work.folder, listener, Asked())
    trial.run(begin(), watched)
    assert [report.step for report in seen] == [10, 20, 30, 40] * 2


def test_settings_in_a_line():
    values = {"a.rate": 0.00123456, "a.kind": "gru", "a.none": None, "a.n": 12345678}
    assert trial.brief(values) == "rate 0.001235, kind gru, none none, n 12345678"
