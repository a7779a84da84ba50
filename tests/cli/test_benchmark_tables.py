from koopcli.benchmark.predict import PredictResult
from koopcli.benchmark.train import TrainResult
from koopcli.benchmark.unroll import UnrollResult
from koopcli.cli import benchmark_tables

FIRST = TrainResult(
    model="koopman", horizon=10, batch_size=4, unroll="scan", iterations_per_second=5.0,
    compile_seconds=2.25, peak_bytes=12_000_000, ratio_to_gru=3.0, parameters=99,
    roofline={
        "operations": 2e9, "operations_per_second": 1e10, "limit": 4e10, "fraction": 0.25,
        "share_host": 0.01, "share_unroll": 0.5, "share_rest": 0.49,
    },
)  # fmt: skip
SECOND = TrainResult(
    model="gru", horizon=10, batch_size=4, unroll=None, parameters=98, note="too large"
)


def test_updates_and_what_a_step_goes_to():
    first, second = benchmark_tables.updates([FIRST, SECOND])
    assert first[0] == "Gradient updates, 4 windows each"
    assert first[2] == [
        ["koopman", "10", "5", "-", "-", "3", "2.25", "12", "99", "scan"],
        ["gru", "10", "too large", "-", "-", "-", "-", "-", "98", "-"],
    ]
    assert second[1][-3:] == ["host", "unroll", "rest"]
    assert second[2] == [
        ["koopman", "10", "2", "10", "40", "25.0 %", "1.0 %", "50.0 %", "49.0 %"]
    ]
    assert len(list(benchmark_tables.updates([SECOND]))) == 1


def test_forms_against_their_floor():
    done = UnrollResult(
        unroll="scan", passes="forward", horizon=10, batch_size=4, latent_dim=2,
        seconds=0.004, floor_seconds=0.002, ratio_to_floor=2.0, bandwidth=5e9,
        peak_bytes=3_000_000,
    )  # fmt: skip
    ((title, _, rows),) = benchmark_tables.floors([done])
    assert title.endswith("4 x 2")
    assert rows == [["scan", "forward", "10", "4", "2", "2", "5", "3"]]


def test_rollouts():
    done = PredictResult(
        model="mlp", horizon=10, batch_size=4, unroll=None, rollouts_per_second=8.0,
        latency_seconds=0.5, compile_seconds=1.0,
    )  # fmt: skip
    ((_, columns, rows),) = benchmark_tables.rollouts([done])
    assert len(columns) == len(rows[0])
    assert rows == [["mlp", "10", "4", "8", "500", "-", "1"]]
