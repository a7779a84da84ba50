"""Requests, reports and results of sweeps, made by hand."""

from koopcli.config.sweep import SweepConfig
from koopcli.sweep import plan as plans
from koopcli.sweep.results import Sweep, Trial
from koopcli.train.report import FitResult, StepReport

RATE = "optimizer.learning_rate=0.1,0.2,0.3,0.4"
FEW = {"train.steps": 40, "train.eval_every": 10}


def request(*params, **changes):
    values = {"params": params or (RATE,), "trials": 4, "settings": FEW}
    return SweepConfig(**(values | changes))


def step_report(step, nrmse=None):
    return StepReport(
        step=step, steps=40, seconds=1.0, steps_per_second=2.0, eta_seconds=3.0,
        losses={"loss": 0.5},
        validation=None if nrmse is None else {"nrmse": nrmse, "nmse": nrmse**2},
    )  # fmt: skip


def result(run, error):
    return FitResult(
        run=run, steps=40, best_step=40,
        best_validation=None if error is None else error**2, seconds=9.0,
        parameters=77, reencode_every=0, stopped_early=False,
    )  # fmt: skip


def seed(number, error):
    return {
        "seed": number, "error": error, "best_step": 40, "steps": 40, "seconds": 9.0,
        "parameters": 77, "run": f"sweep/trials/trial-0000/seed{number}",
    }  # fmt: skip


def trial(number, status="finished", error=None, rate=0.01, **changes):
    values = {
        "number": number, "status": status, "error": error, "last_error": error,
        "settings": {"optimizer.learning_rate": rate, "model.latent_dim": 32},
        "seeds": (), "seconds": 9.0,
    }  # fmt: skip
    return Trial(**(values | changes))


def made(*trials, seeds=(0,)):
    """A sweep with these trials, the best first, as `results.build` would return it."""
    asked = request(
        "optimizer.learning_rate=1e-3..1e-1:log", "model.latent_dim=32,64", seeds=seeds
    )
    return Sweep(
        study="sweep", storage="sqlite:///x.db", request={"seeds": list(seeds)},
        plan=plans.make(asked), trials=trials,
    )  # fmt: skip
