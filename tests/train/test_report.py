import json
import math
from pathlib import Path

from koopcli.train.report import FitResult, StepReport, tee


def record(loss=0.5, skipped=()):
    return StepReport(
        step=5,
        steps=10,
        seconds=1.5,
        steps_per_second=4.0,
        eta_seconds=2.0,
        losses={"loss": loss},
        skipped=skipped,
    )


def test_nan_is_null():
    assert record(loss=math.nan).row()["train_loss"] is None


def test_skipped_steps_are_in_the_record():
    assert record(skipped=(3, 4)).row()["skipped"] == "3 4"
    assert record().row()["skipped"] == ""


def test_tee_tells_everybody():
    heard = []
    tee(heard.append, heard.append)(record())
    assert len(heard) == 2


def test_a_result_is_plain_json():
    result = FitResult(
        run=Path("runs/a"),
        steps=3,
        best_step=2,
        best_validation=None,
        seconds=1.0,
        parameters=9,
        reencode_every=5,
        stopped_early=False,
        warnings=("w",),
    )
    assert json.loads(json.dumps(result.as_json()))["run"] == "runs/a"
