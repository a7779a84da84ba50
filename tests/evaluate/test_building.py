import json
import math

import numpy as np
import pytest

from koopcli.config.evaluation import EvalConfig
from koopcli.data.windows import starts
from koopcli.evaluate import building
from koopcli.evaluate.building import Found
from koopcli.evaluate.protocol import Protocol
from koopcli.evaluate.rollouts import Predicted, batches
from koopcli.evaluate.tally import Entrant, tally
from koopcli.evaluate.yardstick import yardstick


def protocol(horizons):
    return Protocol(
        dataset="world.h5",
        dataset_sha256="00",
        split="test",
        horizons=horizons,
        stride=1,
        starts=45,
        training_horizons={"run": 10},
        reencode_every={},
        divergence_factor=10.0,
        dt=0.1,
        dt_known=True,
        device="cpu",
        bootstrap=50,
    )


@pytest.fixture
def build(dataset):
    def with_rollout(rollout, run=None, model="linear", horizons=(1, 5)):
        entrant = Entrant(run, model, rollout)
        scale = yardstick(dataset, EvalConfig(), horizons)
        windows = batches(dataset, starts(dataset, "test"), max(horizons), 16)
        (total,) = tally([entrant], windows, scale)
        scored = [(entrant, total)]
        return building.build(
            protocol(horizons), dataset, Found(scored), scale, ("first",)
        )

    return with_rollout


def zeros(states, actions):
    shape = actions.shape[:2]
    return Predicted(np.zeros((*shape, 3)), np.zeros(shape))


def late_nan(states, actions):
    predicted = np.zeros((*actions.shape[:2], 3))
    predicted[0, 2:] = np.nan
    return Predicted(predicted, np.full(actions.shape[:2], np.inf))


def test_there_is_a_row_per_quantity_and_horizon(build):
    found = build(zeros, "runs/a", "koopman")
    assert [(row.quantity, row.horizon) for row in found.rows] == [
        (quantity, horizon)
        for quantity in ("observations", "rewards", "returns", "x", "y", "one")
        for horizon in (1, 5)
    ]
    assert {(row.run, row.model) for row in found.rows} == {("runs/a", "koopman")}


def test_rows_hold_the_errors_computed_directly(build, dataset):
    rows = {(row.quantity, row.horizon): row for row in build(zeros).rows}
    chosen = starts(dataset, "test")
    far = chosen.take(np.flatnonzero(chosen.remaining >= 5))
    truth = dataset.observations[far.observation_rows + 5].astype(np.float64)
    row = rows["x", 5]
    assert row.starts == len(far)
    assert row.mse == pytest.approx((truth[:, 0] ** 2).mean())
    assert row.r2 == pytest.approx(1 - (truth[:, 0] ** 2).mean() / truth[:, 0].var())
    scale = dataset.statistics.observations.scale
    assert rows["observations", 5].nrmse == pytest.approx(
        np.sqrt(((truth / scale) ** 2).mean())
    )
    assert math.isnan(rows["one", 5].r2)


def test_the_summary_averages_over_every_step(build):
    found = build(zeros, horizons=(1, 2, 3))
    rows = [row for row in found.rows if row.quantity == "observations"]
    expected = np.mean([row.nrmse**2 for row in rows])
    assert found.summaries[0].mean_nmse == pytest.approx(expected)
    assert found.summaries[0].divergence_rate == 0
    assert found.curves[0].nrmse == pytest.approx(np.array([row.nrmse for row in rows]))


def test_non_finite_errors_are_null_and_named_and_still_diverge(build):
    found = build(late_nan)
    rows = {(row.quantity, row.horizon): row for row in found.rows}
    assert math.isfinite(rows["observations", 1].mse)
    assert not math.isfinite(rows["observations", 5].mse)
    # One rollout per batch of 16: 3 of 45.
    assert found.summaries[0].divergence_rate == pytest.approx(3 / 45)
    assert (
        "linear: 3 of 45 rollouts became NaN or infinite, the first at step 3"
        in found.warnings[2]
    )
    assert "predicted rewards" in found.warnings[3]


def test_the_document_has_the_promised_fields(build):
    document = build(zeros).document()
    assert document["schema"] == "koopcli.eval/1"
    # What `koopcli compare`, and scripts of users, have read since the first version.
    assert {
        "run", "model", "quantity", "horizon", "mse", "rmse", "nrmse", "mae", "r2",
        "starts",
    } <= document["results"][0].keys()  # fmt: skip
    assert {"run", "model", "mean_nmse", "divergence_rate"} <= set(
        document["summary"][0]
    )
    assert document["protocol"]["teacher_forcing"] == "none"
    assert document["warnings"][0] == "first"
    assert {"comparisons", "quantiles", "sources", "episodes"} <= document.keys()
    json.dumps(document)


def test_few_episodes_are_said_to_give_narrow_intervals(build):
    assert "the intervals come from 2 episodes; below 10" in build(zeros).warnings[1]


def test_skill_is_against_the_baseline_of_the_same_quantity(build):
    # The only entrant is the linear baseline: its skill against itself is 0.
    rows = {(row.quantity, row.horizon): row for row in build(zeros).rows}
    assert rows["x", 5].skill_linear == 0.0
    assert rows["x", 5].interval["skill_linear"] == (0.0, 0.0)
    assert math.isnan(rows["x", 5].skill_persistence)


def test_sums_run_from_the_first_step_to_the_horizon(build):
    rows = build(zeros, horizons=(1, 2, 3)).rows
    x = [row for row in rows if row.quantity == "x"]
    assert x[2].sum_mae == pytest.approx(sum(row.mae for row in x))
    assert x[1].sum_nrmse == pytest.approx(x[0].nrmse + x[1].nrmse)


def test_the_return_over_h_steps_is_scaled_by_h_training_deviations(build, dataset):
    rows = {(row.quantity, row.horizon): row for row in build(zeros).rows}
    row, scale = rows["returns", 5], dataset.statistics.rewards.scale[0]
    assert row.nrmse == pytest.approx(row.rmse / (5 * scale))
    chosen = starts(dataset, "test")
    far = chosen.take(np.flatnonzero(chosen.remaining >= 5)).step_rows
    truth = dataset.rewards[far[:, None] + np.arange(5)].sum(axis=1)
    assert row.mae == pytest.approx(np.abs(truth).mean(), rel=1e-5)


def test_episodes_weigh_alike_where_that_is_asked_for(build, dataset):
    row = next(row for row in build(zeros).rows if row.quantity == "x")
    chosen = starts(dataset, "test")
    truth = dataset.observations[chosen.observation_rows + 1][:, 0]
    means = [(truth[chosen.episodes == e] ** 2).mean() for e in (1, 2)]
    expected = np.sqrt(np.mean(means)) / dataset.statistics.observations.scale[0]
    assert row.nrmse_episodes == pytest.approx(expected, rel=1e-5)
    assert row.episodes == 2
