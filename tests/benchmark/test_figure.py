import pytest

from koopcli.benchmark import figure
from koopcli.benchmark.predict import PredictResult
from koopcli.benchmark.train import TrainResult
from koopcli.benchmark.unroll import UnrollResult
from koopcli.errors import ConfigError

UPDATES = [
    TrainResult(
        model=model,
        horizon=horizon,
        batch_size=4,
        unroll=None,
        iterations_per_second=rate,
    )
    for model, horizon, rate in (
        ("koopman", 10, 5.0),
        ("koopman", 20, 4.0),
        ("gru", 10, None),
    )
]
ROLLOUTS = [
    PredictResult(
        model="mlp", horizon=5, batch_size=2, unroll=None, rollouts_per_second=3.0
    )
]
FLOORS = [
    UnrollResult(
        unroll="scan",
        passes="forward",
        horizon=9,
        batch_size=2,
        latent_dim=3,
        ratio_to_floor=1.5,
    )
]


def test_curves_are_sorted_and_leave_out_what_did_not_run():
    assert figure.curve({20: 1.0, 5: 2.0, 10: None}) == ([5, 20], [2.0, 1.0])


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_each_benchmark_has_a_picture(tmp_path, suffix):
    for draw, results in (
        (figure.updates, UPDATES),
        (figure.rollouts, ROLLOUTS),
        (figure.floors, FLOORS),
    ):
        path = tmp_path / f"{draw.__name__}.{suffix}"
        draw(path, results)
        assert path.stat().st_size > 1000


def test_models_are_named_in_the_picture(tmp_path):
    figure.updates(tmp_path / "a.svg", UPDATES)
    text = (tmp_path / "a.svg").read_text()
    assert "koopman" in text and "updates per second" in text


def test_a_picture_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="pictures end in"):
        figure.updates(tmp_path / "a.gif", UPDATES)
