"""A comparison of hand-made errors, and trainings that cost nothing."""

import linear_world
import numpy as np
import pytest
from comparison_parts import diverged, record, report

from koopcli import config_file
from koopcli.compare import training
from koopcli.compare.scores import build
from koopcli.errors import DivergedError
from koopcli.train.report import FitResult, StepReport


@pytest.fixture
def comparison():
    """Koopman twice, a GRU of which one seed diverged, and persistence."""
    records = {
        "koopman-seed0": record(seed=0, training_seconds=4.0),
        "gru-seed0": record("gru"),
        "koopman-seed1": record(seed=1, training_seconds=6.0),
        "gru-seed1": diverged("gru", 1),
    }
    errors = [
        ("x/koopman-seed0", "koopman", [0.1, 0.2, 0.2, 0.5]),
        ("x/gru-seed0", "gru", [0.05, 0.05, 0.05, 0.05]),
        ("x/koopman-seed1", "koopman", [0.3, 0.4, 0.4, 0.7]),
        (None, "persistence", [0.25, 0.25, np.inf, np.inf]),
    ]
    return build({"budget": {"steps": None, "seconds": 5.0}}, records, report(errors))


@pytest.fixture
def trained(monkeypatch):
    """Replace training by writing an untrained model; returns the runs it was asked for.

    Runs named in `trained.bad` diverge, and those in `trained.killed` are interrupted.
    """

    class Trained(list):
        bad: tuple = ()
        killed: tuple = ()

    calls = Trained()

    def fit(dataset, run, config, *, report, command, overwrite):
        assert overwrite == run.exists()
        calls.append(run.name)
        run.mkdir(parents=True, exist_ok=True)
        (run / "config.toml").write_text(config_file.to_toml(config))
        if run.name in calls.killed:
            raise KeyboardInterrupt
        if run.name in calls.bad:
            raise DivergedError(f"{run}: the loss became non-finite")
        for step in (1, 3, 5):
            report(step_report(step, 2.0))
        linear_world.write_run(run)
        return FitResult(
            run=run, steps=5, best_step=5, best_validation=0.1, seconds=9.0,
            parameters=77, reencode_every=0, stopped_early=False, warnings=("beware",),
        )  # fmt: skip

    monkeypatch.setattr(training, "fit", fit)
    return calls


def step_report(step, rate):
    return StepReport(
        step=step, steps=5, seconds=1.0, steps_per_second=rate, eta_seconds=0.0,
        losses={},
    )  # fmt: skip
