import csv
import json
import math
from pathlib import Path

from koopcli.train.report import FitResult, StepReport, metrics_files, tee


def record(step=5, validation=None, loss=0.5):
    return StepReport(
        step=step,
        steps=10,
        seconds=1.5,
        steps_per_second=4.0,
        eta_seconds=2.0,
        losses={"loss": loss},
        validation=validation,
    )


def test_metrics_have_a_header_and_the_same_columns_in_every_row(tmp_path):
    columns = ["step", "seconds", "steps_per_second", "train_loss", "val_nmse"]
    report = metrics_files(tmp_path, columns)
    report(record(step=5))
    report(record(step=10, validation={"nmse": 0.25}))
    with open(tmp_path / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["5", "10"]
    assert [row["val_nmse"] for row in rows] == ["", "0.25"]
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert "val_nmse" not in json.loads(lines[0])
    assert json.loads(lines[1])["val_nmse"] == 0.25


def test_nan_is_null():
    assert record(loss=math.nan).row()["train_loss"] is None


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
