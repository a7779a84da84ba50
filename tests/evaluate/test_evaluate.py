import json
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest
from linear_world import model_meta, world, write_partial, write_run, write_world

from koopcli.config.evaluation import EvalConfig, LongRunConfig
from koopcli.data import store
from koopcli.errors import ConfigError, DataError, ModelError
from koopcli.evaluate import tables
from koopcli.evaluate.evaluate import evaluate
from koopcli.evaluate.protocol import config_of

CONFIG = EvalConfig(horizons=(1, 5), stride=3, batch_size=8, bootstrap=20)


def test_runs_and_baselines_are_scored_on_the_same_starts(data_file, run_folder):
    report = evaluate([run_folder], data_file, CONFIG)
    owners = [(s.run, s.model) for s in report.summaries]
    assert owners == [
        (str(run_folder), "koopman"),
        (None, "persistence"),
        (None, "linear"),
    ]
    assert {s.starts for s in report.summaries} == {report.protocol.starts} == {16}
    assert [text[:18] for text in report.warnings] == ["the intervals come"]
    assert report.protocol.training_horizons == {str(run_folder): 10}


def test_linear_is_perfect_on_a_linear_world_and_an_untrained_model_is_not(
    data_file, run_folder
):
    report = evaluate([run_folder], data_file, CONFIG)
    nrmse = {
        row.model: row.nrmse
        for row in report.rows
        if row.quantity == "observations" and row.horizon == 5
    }
    assert nrmse["linear"] < 1e-4 < nrmse["persistence"]
    assert nrmse["koopman"] > 0.1


def test_a_bias_adds_up_over_the_horizon_and_is_not_a_one_step_error(
    run_folder, tmp_path
):
    made = world()
    drift = np.arange(len(made.observations), dtype=np.float32)[:, None]
    drifting = replace(made, observations=drift * np.float32([1, 2, 0]))
    path = write_world(tmp_path / "drift.h5", drifting)
    report = evaluate([run_folder], path, EvalConfig(horizons=(1, 10), bootstrap=0))
    mse = {
        row.horizon: row.mse
        for row in report.rows
        if (row.model, row.quantity) == ("persistence", "observations")
    }
    assert mse == pytest.approx({1: (1 + 4) / 3, 10: (100 + 400) / 3})


def test_batching_does_not_change_the_errors(data_file, run_folder):
    one = evaluate([run_folder], data_file, EvalConfig(horizons=(4,)))
    many = evaluate([run_folder], data_file, EvalConfig(horizons=(4,), batch_size=7))
    for a, b in zip(one.rows, many.rows, strict=True):
        assert a.mse == pytest.approx(b.mse, rel=1e-5)
        assert a.starts == b.starts


def test_several_runs_and_progress(data_file, run_folder, tmp_path):
    other, seen = write_run(tmp_path / "other"), []
    report = evaluate(
        [run_folder, other], data_file, CONFIG, progress=lambda *at: seen.append(at)
    )
    assert len(report.summaries) == 4
    assert seen == [(8, 16), (16, 16)]


def test_horizons_beyond_the_data_are_clipped_with_a_warning(data_file, run_folder):
    report = evaluate([run_folder], data_file, EvalConfig(horizons=(1, 100)))
    assert report.protocol.horizons == (1, 25)
    assert "horizons were clipped to 25" in report.warnings[0]


def test_a_diverging_model_is_reported_not_averaged_away(data_file, tmp_path):
    from linear_world import untrained

    meta = model_meta(world())
    model = eqx.tree_at(
        lambda m: m.decoder,
        untrained(meta),
        replace_fn=lambda net: jax.tree.map(lambda leaf: leaf * 1e30, net),
    )
    run = write_run(tmp_path / "wild", meta, model)
    report = evaluate([run], data_file, CONFIG)
    assert report.summaries[0].divergence_rate == 1.0
    wild = [row for row in report.rows if row.run and row.quantity == "observations"]
    assert not any(np.isfinite(row.mse) for row in wild)
    assert "became NaN or infinite" in report.warnings[1]


def test_missing_rewards_are_omitted_with_a_warning(run_folder, tmp_path):
    data = write_world(tmp_path / "silent.h5", world(rewards=False))
    report = evaluate([run_folder], data, CONFIG)
    assert "dataset has no rewards" in report.warnings[0]
    assert not any(row.quantity == "rewards" for row in report.rows)


def test_autonomous_data_is_evaluated(tmp_path):
    dataset = world(actions=0)
    data = write_world(tmp_path / "free.h5", dataset)
    run = write_run(tmp_path / "free", model_meta(dataset))
    report = evaluate([run], data, CONFIG)
    assert all(np.isfinite(summary.mean_nmse) for summary in report.summaries)


def test_a_model_of_another_system_is_refused(data_file, tmp_path):
    meta = model_meta(
        world(),
        observation_names=("a", "b"),
        observation_min=(0.0, 0.0),
        observation_max=(1.0, 1.0),
        observation_scale=(1.0, 1.0),
    )
    run = write_run(tmp_path / "other", meta)
    with pytest.raises(ModelError, match="2 observation dimensions, the data 3"):
        evaluate([run], data_file, CONFIG)


@pytest.mark.parametrize("count", [0, 2])
def test_no_run_or_the_same_twice_is_refused(data_file, run_folder, count):
    with pytest.raises(ConfigError, match="at least one RUN, and none twice"):
        evaluate([run_folder] * count, data_file, CONFIG)


def test_a_missing_dataset_is_named(run_folder, tmp_path):
    with pytest.raises(DataError, match=r"none\.h5"):
        evaluate([run_folder], tmp_path / "none.h5", CONFIG)


def test_errors_are_those_of_the_physical_outputs_alone(tmp_path):
    write_partial(tmp_path / "d.h5", count=2)
    dataset = store.load(tmp_path / "d.h5")
    run = write_run(tmp_path / "run", model_meta(dataset, delays=dataset.delays))
    report = evaluate([run], tmp_path / "d.h5", CONFIG)
    assert {row.quantity for row in report.rows} == {
        "observations", "x", "rewards", "returns",
    }  # fmt: skip
    linear = [r for r in report.rows if r.model == "linear" and r.quantity == "x"]
    assert all(row.nrmse < 1e-3 for row in linear)


def test_an_evaluation_is_repeated_from_its_protocol(data_file, run_folder):
    asked = EvalConfig(
        horizons=(1, 100), max_starts=10, angle_cols=("x=2",), reencode_every=3,
        bootstrap=20, seed=3, confidence=0.8, valid_threshold=0.1, divergence_factor=1.0,
        lyapunov_exponent=1.0, long_run=LongRunConfig(min_steps=10, smoothing=2.0),
    )  # fmt: skip
    first = evaluate([run_folder], data_file, asked)
    written = json.loads(json.dumps(tables.without_nan(first.document())))
    again = evaluate(
        [Path(run) for run in written["protocol"]["model_sha256"]],
        Path(written["protocol"]["dataset"]),
        config_of(written["protocol"]),
    )
    document = json.loads(json.dumps(tables.without_nan(again.document())))
    for name in (
        *("protocol", "results", "summary", "comparisons", "episodes"),
        *("long_run", "lyapunov"),
    ):
        assert document[name] == written[name]
    # Three dimensions, of which x is an angle.
    assert document["protocol"]["state_space_form"] == "histogram"
    assert document["protocol"]["long_run"]["smoothing"] == 2.0
    # Three models: over all, three dimensions and two episodes each.
    assert len(document["long_run"]) == 3 * (1 + 3 + 2)
    exact = next(row for row in document["long_run"] if row["model"] == "linear")
    assert exact["d_stsp"] < 1e-6 and exact["d_h"] < 1e-4
    assert exact["episodes"] == 2 and exact["steps"] == 45
