import csv
import json
import resource

import pytest

from koopcli.train.metrics_files import MetricsFiles
from koopcli.train.report import StepReport

COLUMNS = ["step", "seconds", "steps_per_second", "skipped", "train_loss", "val_nmse"]


def record(step=5, validation=None):
    return StepReport(
        step=step,
        steps=10,
        seconds=1.5,
        steps_per_second=4.0,
        eta_seconds=2.0,
        losses={"loss": 0.5},
        validation=validation,
    )


def rows(folder):
    with open(folder / "metrics.csv") as file:
        return list(csv.DictReader(file))


def test_metrics_have_a_header_and_the_same_columns_in_every_row(tmp_path):
    files = MetricsFiles(tmp_path, None)
    files.write(record(step=5), COLUMNS)
    files.write(record(step=10, validation={"nmse": 0.25}), COLUMNS)
    assert [row["step"] for row in rows(tmp_path)] == ["5", "10"]
    assert [row["val_nmse"] for row in rows(tmp_path)] == ["", "0.25"]
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert "val_nmse" not in json.loads(lines[0])
    assert json.loads(lines[1])["val_nmse"] == 0.25


def test_what_came_after_a_checkpoint_is_cut_off_half_lines_included(tmp_path):
    files = MetricsFiles(tmp_path, None)
    files.write(record(step=5), COLUMNS)
    sizes = files.sizes()
    files.write(record(step=10), COLUMNS)
    whole = {name: (tmp_path / name).read_bytes() for name in sizes}
    for name in sizes:
        with open(tmp_path / name, "ab") as file:
            file.write(b'{"step": 1')
    again = MetricsFiles(tmp_path, sizes)
    assert again.sizes() == sizes
    again.write(record(step=10), [])
    assert {name: (tmp_path / name).read_bytes() for name in sizes} == whole


def test_a_new_run_starts_new_files(tmp_path):
    MetricsFiles(tmp_path, None).write(record(), COLUMNS)
    MetricsFiles(tmp_path, None)
    assert (tmp_path / "metrics.csv").read_bytes() == b""


def test_a_checkpoint_before_the_first_record_has_no_columns_yet(tmp_path):
    sizes = MetricsFiles(tmp_path, None).sizes()
    MetricsFiles(tmp_path, sizes).write(record(), COLUMNS)
    assert [row["step"] for row in rows(tmp_path)] == ["5"]


def test_a_record_that_the_disk_refuses_leaves_no_half_line(tmp_path):
    files = MetricsFiles(tmp_path, None)
    files.write(record(step=5), COLUMNS)
    sizes = files.sizes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = sizes["metrics.jsonl"] + 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            files.write(record(step=10), COLUMNS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files.sizes() == sizes
