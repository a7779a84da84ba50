"""Trainings that cost nothing, and a dataset for them."""

import linear_world
import pytest
from sweep_parts import result, step_report

from koopcli import config_file
from koopcli.errors import DivergedError, InterruptedRunError
from koopcli.sweep import trial


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    world = linear_world.one_each(linear_world.world())
    return linear_world.write_world(tmp_path_factory.mktemp("data") / "data.h5", world)


@pytest.fixture
def trained(monkeypatch):
    """Replace training; returns the runs that were asked for, as (trial, seed, how).

    The error of a run is its learning rate, and a tenth of its seed. Trials named in
    `trained.bad` diverge, in `trained.stopped` are asked to stop, in `trained.broken`
    end with a full disk; `trained.hook` is called with each report's step.
    """

    class Trained(list):
        bad: tuple = ()
        stopped: tuple = ()
        broken: tuple = ()
        hook = staticmethod(lambda name, step: None)

    calls = Trained()

    def train(run, config, report, how):
        name = run.parent.name
        calls.append((name, run.name, how))
        run.mkdir(parents=True, exist_ok=True)
        (run / "config.toml").write_text(config_file.to_toml(config))
        if name in calls.stopped:
            raise InterruptedRunError("stopped")
        if name in calls.bad:
            raise DivergedError(f"{run}: the loss became non-finite")
        if name in calls.broken:
            raise OSError(28, "No space left on device")
        error = config.optimizer.learning_rate + config.train.seed / 10
        for step in (10, 20, 30, 40):
            calls.hook(name, step)
            report(step_report(step, error + 1 / step))
        return result(run, error)

    def fit(dataset, run, config, *, report, command, overwrite):
        assert overwrite == (run / "config.toml").exists()
        return train(run, config, report, "fit")

    def resume(run, config, dataset, *, report, command, tell):
        return train(run, config, report, "resume")

    monkeypatch.setattr(trial, "fit", fit)
    monkeypatch.setattr(trial, "resume", resume)
    return calls
