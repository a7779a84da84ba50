import math
import tomllib

import optuna
import pytest
from optuna.trial import TrialState
from sweep_parts import request, seed

from koopcli import config_file
from koopcli.sweep import ledger, plan, results


@pytest.fixture
def study():
    return optuna.create_study()


def add(study, state, value=None, steps=None, **attributes):
    space = {"train.batch_size": optuna.distributions.IntDistribution(1, 99)}
    study.add_trial(
        optuna.create_trial(
            state=state, value=value, params={"train.batch_size": 1 + len(study.trials)},
            distributions=space, user_attrs=attributes, intermediate_values=steps,
        )
    )  # fmt: skip


def build(study, seeds=(0,)):
    made = plan.make(request("train.batch_size=1..99", seeds=seeds))
    return results.build(study, made, {}, "somewhere")


def test_trials_are_sorted_by_how_they_ended_and_their_errors(study):
    add(study, TrialState.FAIL, outcome={"status": "diverged", "message": "NaN"})
    add(study, TrialState.COMPLETE, 0.3)
    add(study, TrialState.PRUNED, 0.9, {10: 0.8, 20: 0.9})
    add(study, TrialState.COMPLETE, 0.2, {10: 0.5})
    add(study, TrialState.PRUNED, steps={10: math.nan})
    add(study, TrialState.RUNNING)
    add(study, TrialState.WAITING, slot=17)
    add(study, TrialState.FAIL)
    found = build(study)
    assert [(t.number, t.status, t.error) for t in found.trials] == [
        (3, "finished", 0.2), (1, "finished", 0.3), (2, "pruned", None),
        (4, "pruned", None), (5, "running", None), (17, "waiting", None),
        (0, "diverged", None),
    ]  # fmt: skip
    assert found.trials[2].last_error == 0.9 and found.trials[-1].message == "NaN"
    assert found.counts == {
        "finished": 2, "pruned": 2, "running": 1, "waiting": 1, "diverged": 1,
    }  # fmt: skip
    assert found.count("running", "waiting") == 2


def test_the_best_can_be_trained_again(study, tmp_path):
    add(study, TrialState.COMPLETE, 0.3)
    add(study, TrialState.COMPLETE, 0.2)
    found = build(study, seeds=(5, 6))
    assert found.best.number == 1
    (tmp_path / "best.toml").write_text(found.best_config)
    again = config_file.build(config_file.read(tmp_path / "best.toml"))
    assert again == found.plan.config({"train.batch_size": 2}, 5)
    assert again.train.batch_size == 2 and again.train.seed == 5
    first, rest = found.best_config.split("\n", 1)
    assert first == (
        "# Trial 1: validation NRMSE 0.2 over 100 steps, mean of seeds 5, 6."
    )
    assert tomllib.loads(rest)["train"]["steps"] == 40


def test_without_a_finished_trial_there_is_no_best(study):
    assert build(study).best is None
    add(study, TrialState.PRUNED, 0.1, {10: 0.1})
    found = build(study)
    assert found.best is None and found.best_config is None


def test_seeds_are_kept_with_their_deviation(study):
    attributes = {"seed 1": seed(1, 0.4), "seed 0": seed(0, 0.2), ledger.SECONDS: 3.5}
    add(study, TrialState.COMPLETE, 0.3, **attributes)
    [found] = build(study, seeds=(0, 1)).trials
    assert [each["seed"] for each in found.seeds] == [0, 1] and found.seconds == 3.5
    assert found.deviation == pytest.approx(0.2 / math.sqrt(2))
    document = found.document()
    assert document["trial"] == 0 and document["deviation"] == found.deviation
    add(study, TrialState.COMPLETE, 0.3, **{"seed 0": seed(0, 0.3)})
    assert build(study).trials[-1].deviation is None
