import json

from koopcli.benchmark import report
from koopcli.benchmark.train import TrainResult
from koopcli.config.benchmark import BenchmarkTrainConfig

DONE = TrainResult(
    model="koopman",
    horizon=10,
    batch_size=4,
    unroll="scan",
    iterations_per_second=5.0,
    roofline={"fraction": 0.25, "share_unroll": 0.5},
)
LEFT_OUT = TrainResult(
    model="gru", horizon=10, batch_size=4, unroll=None, note="too large"
)
REPORT = report.Report("train", BenchmarkTrainConfig(), [DONE, LEFT_OUT])


def test_the_document_has_the_fields_that_others_rely_on():
    document = json.loads(json.dumps(REPORT.document()))
    assert document["schema"] == "koopcli.benchmark/1"
    assert document["benchmark"] == "train"
    assert {
        "model",
        "horizon",
        "batch_size",
        "unroll",
        "iterations_per_second",
        "compile_seconds",
        "peak_bytes",
        "ratio_to_gru",
    } <= document["results"][0].keys()
    assert document["results"][1]["iterations_per_second"] is None
    assert document["environment"]["koopcli"] and document["settings"]["horizons"]


def test_parts_of_a_result_become_columns():
    lines = report.as_csv(REPORT.results).splitlines()
    assert lines[0].endswith("slowest,fraction,share_unroll,note,roofline")
    assert ",0.25,0.5," in lines[1] and lines[2].startswith("gru,10,4,,")


def test_all_files_are_written_and_written_again(tmp_path):
    for _ in range(2):
        report.write(REPORT, tmp_path / "new")
        names = {path.name for path in (tmp_path / "new").iterdir()}
        assert names == set(report.files("train"))
    assert json.loads((tmp_path / "new" / "benchmark-train.json").read_text())
