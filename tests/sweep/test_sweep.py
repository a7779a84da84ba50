import signal

import linear_world
import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState
from sweep_parts import FEW, RATE, request

from koopcli.config.choices import Pruner, Sampler
from koopcli.errors import ConfigError, DataError, DivergedError, InterruptedRunError
from koopcli.sweep import ledger, locks, studies
from koopcli.sweep import sweep as module
from koopcli.sweep.listener import Listener
from koopcli.sweep.sweep import sweep

GRID = {"sampler": Sampler.GRID, "trials": None}


@pytest.fixture
def go(tmp_path, data):
    said = []

    def run(*params, folder="sweep", listener=None, **changes):
        wanted = request(*params, **({"pruner": Pruner.NONE} | changes))
        told = listener or Listener(tell=said.append, command="koopcli sweep again")
        return sweep(data, tmp_path / folder, wanted, listener=told)

    run.said = said
    return run


def rates(found):
    return [each.settings["optimizer.learning_rate"] for each in found.trials]


def test_a_grid_from_nothing_to_its_best_and_again(go, trained):
    found = go(RATE, **GRID)
    assert rates(found) == [0.1, 0.2, 0.3, 0.4] and found.counts == {"finished": 4}
    assert found.best.error == pytest.approx(0.1)
    assert found.best.seeds[0]["run"].endswith("trial-0000/seed0")
    assert (
        found.request["trials"] is None and len(found.request["dataset_sha256"]) == 64
    )
    assert len(trained) == 4
    again = go(RATE, **GRID)
    assert len(trained) == 4 and rates(again) == rates(found)
    assert "4 of 4 trials are there already" in go.said


def test_more_trials_can_be_asked_for(go, trained):
    rate = "optimizer.learning_rate=0.001..0.1:log"
    first = go(rate, trials=2)
    both = go(rate, trials=5)
    assert len(trained) == 5 and len(both.trials) == 5
    assert set(rates(first)) < set(rates(both))
    # As if it had been asked for at once.
    assert sorted(rates(go(rate, trials=5, folder="x"))) == sorted(rates(both))


def test_a_divergence_is_not_the_end(go, trained):
    trained.bad = ("trial-0001",)
    found = go(RATE, **GRID)
    assert found.counts == {"finished": 3, "diverged": 1}
    assert "non-finite" in found.trials[-1].message
    assert any(line.startswith("trial 1: diverged: ") for line in go.said)
    go(RATE, **GRID)
    assert len(trained) == 4, "it would diverge again"


def test_nothing_but_divergences_is_an_error(go, trained):
    trained.bad = ("trial-0000", "trial-0001")
    with pytest.raises(DivergedError, match="every trial came to nothing; trial 0: "):
        go(RATE, trials=2)


def test_hopeless_trials_are_pruned(go, trained):
    # Two good ones first, then worse and worse.
    found = go(RATE, **(GRID | {"pruner": Pruner.HALVING}))
    assert found.counts["pruned"] >= 1 and found.best is not None
    pruned = [each for each in found.trials if each.status == "pruned"]
    assert all(each.error is None and each.last_error > 0.1 for each in pruned)


def test_a_stopped_sweep_goes_on_with_the_trial_it_was_at(go, trained):
    trained.stopped = ("trial-0002",)
    with pytest.raises(InterruptedRunError, match="go on with: koopcli sweep again"):
        go(RATE, seeds=(0, 1), **GRID)
    trained.stopped = ()
    found = go(RATE, seeds=(0, 1), **GRID)
    assert found.counts == {"finished": 4} and sorted(rates(found)) == rates(found)
    assert [run for run in trained if run[0] == "trial-0002"] == [
        ("trial-0002", "seed0", "fit"),
        ("trial-0002", "seed0", "resume"),
        ("trial-0002", "seed1", "fit"),
    ]


def test_a_full_disk_ends_the_sweep_and_keeps_the_trial(go, trained):
    trained.broken = ("trial-0000",)
    with pytest.raises(OSError, match="No space left"):
        go(RATE, **GRID)
    trained.broken = ()
    assert go(RATE, **GRID).counts == {"finished": 4}


def test_a_signal_between_two_trials_stops_before_the_next(go, trained):
    def tell(line):
        if line.startswith("trial 0: finished"):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError, match="stopped by SIGTERM; go on with the"):
        go(RATE, listener=Listener(tell=tell), **GRID)
    assert len(trained) == 1
    assert go(RATE, **GRID).counts == {"finished": 4}


def database(tmp_path):
    storage = studies._storage(f"sqlite:///{tmp_path / 'sweep' / 'study.db'}")
    return storage, optuna.load_study(study_name="sweep", storage=storage)


def leave_one_running(tmp_path, worker):
    """As a process leaves a trial when it is killed."""
    storage, study = database(tmp_path)
    rate = optuna.distributions.CategoricalDistribution((0.1, 0.2, 0.3, 0.4))
    study.add_trial(
        optuna.create_trial(
            state=TrialState.RUNNING, params={"optimizer.learning_rate": 0.2},
            distributions={"optimizer.learning_rate": rate},
            user_attrs={ledger.WORKER: worker},
        )
    )  # fmt: skip
    storage.engine.dispose()


def test_the_trial_of_a_killed_process_is_tried_again(go, trained, tmp_path):
    go(RATE, **(GRID | {"trials": 1}))
    with locks.working(tmp_path / "dead") as worker:
        dead = worker.document()
    leave_one_running(tmp_path, dead)
    found = go(RATE, **GRID)
    assert "trial 1: its process is gone; tried again" in go.said
    assert found.counts == {"finished": 4}
    assert [each.number for each in found.trials][:2] == [0, 1]
    assert sorted(rates(found)) == [0.1, 0.2, 0.3, 0.4]


def test_the_trial_of_a_living_process_is_left_to_it(go, trained, tmp_path):
    go(RATE, **(GRID | {"trials": 1}))
    with locks.working(tmp_path / "other") as worker:
        leave_one_running(tmp_path, worker.document())
        found = go(RATE, **GRID)
    assert found.counts == {"finished": 3, "running": 1}
    assert sorted(rates(found)) == [0.1, 0.2, 0.3, 0.4]


def test_two_processes_do_not_begin_one_trial_too_many(go, trained, monkeypatch):
    # Both have seen that one is wanted; the other was first.
    seen = iter([True] * 5 + [False])
    monkeypatch.setattr(ledger, "wanting", lambda study, total: next(seen))
    found = go(RATE, trials=4)
    assert len(found.trials) == 4 and len(trained) == 4


def test_a_trial_that_was_given_to_another_is_let_go(go, trained, tmp_path):
    def taken(name, step):
        if name != "trial-0001":
            return
        storage, study = database(tmp_path)
        ledger.fail(study, storage, 1)
        [frozen] = [each for each in study.get_trials() if each.number == 1]
        ledger.again(study, frozen, lost=True)
        storage.engine.dispose()
        trained.hook = lambda name, step: None

    trained.hook = taken
    found = go(RATE, **GRID)
    assert "trial 1: was taken for dead and given to another" in go.said
    assert found.counts == {"finished": 4}


def test_other_mistakes_are_not_taken_for_that(go, trained, monkeypatch):
    def wrong(given, work):
        raise ValueError("a bug")

    monkeypatch.setattr(module.trial, "run", wrong)
    with pytest.raises(ValueError, match="a bug"):
        go(RATE)


def test_a_lost_database_is_said_with_the_way_to_go_on(go, trained, monkeypatch):
    def lost(study, storage):
        raise StorageInternalError("postgresql://me:secret@host: gone\nmore")

    monkeypatch.setattr(ledger, "recover", lost)
    with pytest.raises(ConfigError, match=r"me:\*\*\*@host: gone; go on with: koop"):
        go(RATE)


def test_another_dataset_is_refused(go, trained, tmp_path):
    go(RATE, trials=1)
    world = linear_world.one_each(linear_world.world((30, 20, 26)))
    other = linear_world.write_world(tmp_path / "other.h5", world)
    with pytest.raises(ConfigError, match="made with the dataset with hash"):
        sweep(other, tmp_path / "sweep", request(RATE, trials=1))


def test_without_validation_episodes_there_is_nothing_to_compare_by(tmp_path, trained):
    data = linear_world.write_world(tmp_path / "data.h5")
    with pytest.raises(DataError, match="no validation episodes"):
        sweep(data, tmp_path / "x", request(RATE))
    assert not (tmp_path / "x").exists()


def test_what_is_odd_about_a_request_is_said(go, trained):
    late = FEW | {"train.eval_every": 40}
    go(RATE, trials=9, sampler=Sampler.GRID, pruner=Pruner.MEDIAN, settings=late)
    assert "the grid has 4 trials, fewer than were asked for" in go.said
    assert any("no trial is pruned: the only validation" in line for line in go.said)
    go(RATE, "train.horizon=5,9", folder="y", trials=1)
    assert "validation errors are over 9 steps for every trial" in go.said
