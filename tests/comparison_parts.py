"""Hand-made records and evaluations, from which comparisons are built."""

import numpy as np

from koopcli.compare.record import Record, Status
from koopcli.evaluate.protocol import Protocol
from koopcli.evaluate.report import Curve, EvalReport, Summary

HORIZONS = (1, 2, 4)


def record(model="koopman", seed=0, **changes):
    values = {
        "model": model,
        "seed": seed,
        "status": Status.FINISHED,
        "parameters": 100,
        "steps": 50,
        "best_step": 40,
        "training_seconds": 5.0,
        "wall_seconds": 8.0,
        "batch_size": 64,
        "horizon": 100,
    }
    return Record(**(values | changes))


def diverged(model, seed=0):
    return record(
        model,
        seed,
        status=Status.DIVERGED,
        message="NaN",
        parameters=None,
        best_step=None,
    )


def report(errors, rewards=True):
    """An evaluation in which the NRMSE of each run is as given; None is a baseline."""
    protocol = Protocol(
        dataset="d.h5", dataset_sha256="0", split="test", horizons=HORIZONS, stride=1,
        starts=5, training_horizons={}, reencode_every={}, divergence_factor=10.0,
        dt=1.0, dt_known=True, device="cpu",
    )  # fmt: skip
    return EvalReport(
        protocol=protocol,
        rows=(),
        summaries=tuple(
            Summary(run, model, 0.0, 0.25, 1, 4) for run, model, _ in errors
        ),
        curves=tuple(
            Curve(model, np.array(nrmse), np.array(nrmse) / 2 if rewards else None)
            for _, model, nrmse in errors
        ),
        warnings=(),
    )
